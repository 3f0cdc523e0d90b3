"""Wheels that try to run something at build, or to reach beyond their environment."""

import os
import stat
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from notebooks.environments.build import build_environment
from notebooks.environments.errors import EnvironmentBuildError
from notebooks.environments.layout import base_python
from tests.notebooks.environments.wheels import wheel


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an index that the operator has set."""
    folder = tmp_path / "wheels"
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    return folder


def escaped(folder: Path) -> list[Path]:
    return [*folder.rglob("*escaped.txt"), *Path("/tmp").glob("casebook-escaped.txt")]


async def build(root: Path, log: list[str] | None = None) -> Path:
    lines: list[str] = [] if log is None else log
    return root / await build_environment("casebook-evil", root=root, log=lines.append)


async def test_nothing_of_a_package_runs_at_build(tmp_path: Path, wheels: Path) -> None:
    mark = tmp_path / "ran"
    code = f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n".encode()
    wheel(
        wheels,
        "casebook_evil",
        {
            "evil.pth": code,
            "sitecustomize.py": code,
            "usercustomize.py": code,
            "casebook_evil/__init__.py": code,
            "casebook_evil-1.0.data/scripts/evil": b"#!python\n" + code,
            "compileall.py": code,
            "encodings/__init__.py": code,
            "casebook_evil-1.0.dist-info/entry_points.txt": (
                b"[console_scripts]\nevil-too = casebook_evil:main\n"
            ),
        },
    )
    folder = await build(tmp_path / "root")
    assert not mark.exists()
    # They are all there, so what did not run had the chance to: in a sandbox it may.
    [packages] = folder.glob("lib/python*/site-packages")
    assert (packages / "evil.pth").exists()
    assert (folder / "bin" / "evil").exists()
    assert (folder / "bin" / "evil-too").exists()
    assert list(packages.glob("casebook_evil/__pycache__/*.pyc"))


@pytest.mark.parametrize(
    "name",
    [
        "../../../../../escaped.txt",
        "casebook_evil-1.0.data/data/../../escaped.txt",
        "casebook_evil-1.0.data/scripts/../../../escaped.txt",
        "/tmp/casebook-escaped.txt",
    ],
)
async def test_no_file_of_a_package_lands_outside_its_environment(
    tmp_path: Path, wheels: Path, name: str
) -> None:
    wheel(wheels, "casebook_evil", {name: b"#!python\nout", "casebook_evil.py": b""})
    root = tmp_path / "root"
    try:
        folder = await build(root)
    except EnvironmentBuildError:
        folder = root
    assert [path for path in escaped(tmp_path) if not path.is_relative_to(folder)] == []


async def test_a_package_that_brings_its_own_interpreter_changes_no_other_file(
    tmp_path: Path, wheels: Path
) -> None:
    base = base_python()
    before = base.stat().st_mtime_ns, base.stat().st_mode
    wheel(
        wheels,
        "casebook_evil",
        {
            "casebook_evil-1.0.data/data/bin/python": b"#!/bin/sh\ntouch ran\n",
            "casebook_evil-1.0.data/data/pyvenv.cfg": b"home = /nowhere\n",
        },
    )
    with suppress(EnvironmentBuildError):
        await build(tmp_path / "root")
    assert (base.stat().st_mtime_ns, base.stat().st_mode) == before


async def test_no_link_and_no_privilege_comes_out_of_a_wheel(tmp_path: Path, wheels: Path) -> None:
    path = wheel(wheels, "casebook_evil", {"casebook_evil.py": b""})
    with zipfile.ZipFile(path, "a") as packed:
        link = zipfile.ZipInfo("casebook_evil_link.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
        rooted = zipfile.ZipInfo("casebook_evil_rooted")
        rooted.external_attr = (stat.S_IFREG | stat.S_ISUID | 0o777) << 16
        packed.writestr(rooted, "#!/bin/sh\n")
    folder = await build(tmp_path / "root")
    [packages] = folder.glob("lib/python*/site-packages")
    assert not (packages / "casebook_evil_link.py").is_symlink()
    for where, _, files in os.walk(folder):
        for file in files:
            one = Path(where) / file
            assert one.is_symlink() or stat.S_IMODE(one.stat().st_mode) in (0o444, 0o555)


async def test_a_module_that_no_compiler_survives_makes_the_environment_no_worse(
    tmp_path: Path, wheels: Path
) -> None:
    deep = b"x = " + b"-" * 200_000 + b"1\n"
    wheel(wheels, "casebook_evil", {"casebook_evil.py": b"def f(:\n", "casebook_deep.py": deep})
    folder = await build(tmp_path / "root")
    [packages] = folder.glob("lib/python*/site-packages")
    assert (packages / "casebook_evil.py").exists()


async def test_a_dependency_that_is_an_address_is_refused(tmp_path: Path, wheels: Path) -> None:
    wheel(
        wheels,
        "casebook_evil",
        requires="thing @ file:///etc/passwd",
    )
    with pytest.raises(EnvironmentBuildError) as caught:
        await build(tmp_path / "root")
    assert [fault.number for fault in caught.value.faults] == [1]
