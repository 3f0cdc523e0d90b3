from pathlib import Path

import pytest

from config.errors import SandboxUnavailableError
from config.settings import Settings
from notebooks.kernels.sandboxes.check import check_sandbox
from notebooks.kernels.sandboxes.container.check import explain
from notebooks.kernels.sandboxes.container.engine import Flavour
from tests.engines import ENGINE_MARKS, RunningEngine


@pytest.fixture(
    params=[
        pytest.param("podman_engine", marks=ENGINE_MARKS),
        pytest.param("docker_engine", marks=ENGINE_MARKS),
    ]
)
def engine(request: pytest.FixtureRequest) -> RunningEngine:
    """Each engine in turn."""
    found: RunningEngine = request.getfixturevalue(request.param)
    return found


def test_an_engine_that_does_not_answer_is_named_with_the_remedy(
    settings: Settings, tmp_path: Path
) -> None:
    nowhere = f"unix://{tmp_path}/nowhere.sock"
    wanted = settings.model_copy(update={"provisioner": "container", "container_url": nowhere})
    with pytest.raises(SandboxUnavailableError, match="CASEBOOK_CONTAINER_URL") as refused:
        check_sandbox(wanted)
    assert nowhere in str(refused.value)


@pytest.mark.parametrize(("api", "too_old"), [("1.40", True), ("1.41", False), ("1.100", False)])
def test_an_engine_is_too_old_by_its_interface(api: str, *, too_old: bool) -> None:
    flavour = Flavour(
        name="Docker",
        version="19.03",
        api_version=api,
        rootless=False,
        remaps_users=False,
        default_runtime="runc",
    )
    assert flavour.too_old is too_old


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('exec: "/usr/bin/tini": stat /usr/bin/tini: no such file or directory', "tini"),
        ('unknown or invalid runtime name: "runx"', "CASEBOOK_CONTAINER_RUNTIME"),
        ("something else", ""),
    ],
)
def test_a_complaint_is_explained(said: str, remedy: str) -> None:
    assert remedy in explain(said)


def test_an_engine_with_the_image_passes_and_nothing_is_left(
    settings: Settings, engine: RunningEngine
) -> None:
    assert check_sandbox(engine.settings(settings)) == ()
    assert engine.containers() == []


def test_a_missing_image_is_named_with_the_way_to_build_it(
    settings: Settings, engine: RunningEngine
) -> None:
    wanted = engine.settings(settings).model_copy(update={"container_image": "no-such-image"})
    with pytest.raises(SandboxUnavailableError, match=r"no-such-image.*podman build"):
        check_sandbox(wanted)


def test_a_runtime_that_the_engine_does_not_know_is_named(
    settings: Settings, engine: RunningEngine
) -> None:
    wanted = engine.settings(settings).model_copy(update={"container_runtime": "no-such-runtime"})
    with pytest.raises(SandboxUnavailableError, match="CASEBOOK_CONTAINER_RUNTIME"):
        check_sandbox(wanted)
