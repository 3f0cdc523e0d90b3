import sys

import pytest

from notebooks.environments.errors import ImageError
from notebooks.environments.images import build_image, generate_dockerfile
from notebooks.environments.lock import Lock

LOCK = Lock(f"six==1.17.0 \\\n    --hash=sha256:{'ab' * 32}\n")


async def test_the_dockerfile_installs_the_lock_for_the_user_that_kernels_have() -> None:
    text = await generate_dockerfile(LOCK)
    assert text.startswith("FROM ")
    python = f"{sys.version_info.major}-2e{sys.version_info.minor}"
    assert f"environment-2epy-2d{python}" in text
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert installs == [
        'RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "requirements.txt"'
    ]
    assert "COPY --chown=1000:1000 src/requirements.txt" in text
    assert text.rindex("\nUSER ${NB_USER}") > text.rindex("\nUSER root")


async def test_the_same_lock_gives_the_same_dockerfile() -> None:
    assert await generate_dockerfile(LOCK) == await generate_dockerfile(LOCK)


async def test_without_an_engine_a_build_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    lines: list[str] = []
    with pytest.raises(ImageError, match=r"(?i)docker"):
        await build_image(LOCK, registry="127.0.0.1:9/casebook", seconds=60, log=lines.append)
    assert lines


async def test_a_build_that_takes_too_long_is_ended() -> None:
    with pytest.raises(ImageError, match=r"took more than 0\.01 s"):
        await build_image(LOCK, registry="127.0.0.1:9/casebook", seconds=0.01, log=print)
