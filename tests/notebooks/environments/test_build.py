import asyncio
import stat
from pathlib import Path

import pytest

from notebooks.environments.build import build_environment, compile_packages
from notebooks.environments.errors import EnvironmentBuildError
from notebooks.environments.layout import environment_python
from notebooks.environments.requirements import parse_requirements
from tests.environments import TABLES, shared_environments_dir


def quiet(_message: str) -> None:
    pass


def visible_names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]


async def test_an_environment_is_built_once_and_has_its_packages_and_a_kernel() -> None:
    root = shared_environments_dir()
    name = await build_environment(TABLES, root=root, log=quiet)
    again = await build_environment("# a comment\npandas\nnumpy", root=root, log=quiet)
    python = environment_python(root / name)
    code = "import numpy, pandas, ipykernel; print(ipykernel.__version__)"
    process = await asyncio.create_subprocess_exec(
        python, "-I", "-c", code, stdout=asyncio.subprocess.PIPE
    )
    shown, _ = await process.communicate()
    assert shown == b"7.4.0\n"
    assert again == name


async def test_a_repeat_runs_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    root = shared_environments_dir()
    name = await build_environment(TABLES, root=root, log=quiet)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    assert await build_environment(TABLES, root=root, log=quiet) == name


async def test_an_environment_is_read_only_and_precompiled() -> None:
    root = shared_environments_dir()
    folder = root / await build_environment(TABLES, root=root, log=quiet)
    writable = [
        path
        for path in folder.rglob("*")
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o222
    ]
    assert writable == []
    [packages] = folder.glob("lib/python*/site-packages")
    assert list(packages.glob("pandas/__pycache__/__init__.*.pyc"))


async def test_the_packages_own_tests_stay_source(tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    for name in ("package", "package/tests", "package/testing"):
        (folder / "lib" / name).mkdir(parents=True)
        (folder / "lib" / name / "module.py").write_text("x = 1\n")
    await compile_packages(folder)
    compiled = {path.parent.parent.name for path in folder.rglob("*.pyc")}
    assert compiled == {"package", "testing"}


async def test_two_builders_of_the_same_name_end_in_one_folder(tmp_path: Path) -> None:
    names = await asyncio.gather(
        *(build_environment("six", root=tmp_path, log=quiet) for _ in range(2))
    )
    assert names[0] == names[1]
    visible = visible_names(tmp_path)
    assert visible == [names[0]]


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://example.org/simple",
        "-r other.txt",
        "-e .",
        "./package.whl",
        "file:///etc",
        "thing @ file:///srv/thing.whl",
        "thing @ git+https://example.org/thing",
        "git+https://example.org/thing",
        "https://example.org/thing.whl",
        "not a name",
    ],
)
def test_a_line_that_is_no_plain_requirement_is_refused_and_named(line: str) -> None:
    with pytest.raises(EnvironmentBuildError) as caught:
        parse_requirements(f"numpy\n{line}\n")
    assert caught.value.line == line


async def test_an_unknown_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBuildError, match="numpy==99") as caught:
        await build_environment("six\nnumpy==99", root=tmp_path, log=quiet)
    assert caught.value.line == "numpy==99"


async def test_a_conflict_is_explained(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBuildError, match="ipykernel==6") as caught:
        await build_environment("ipykernel==6.0.0", root=tmp_path, log=quiet)
    assert caught.value.line == "ipykernel==6.0.0"
