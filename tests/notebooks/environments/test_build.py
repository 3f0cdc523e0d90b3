import asyncio
import multiprocessing
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from notebooks.environments.build import (
    build_environment,
    compile_packages,
    lock_requirements,
)
from notebooks.environments.errors import EnvironmentBuildError, Fault
from notebooks.environments.layout import environment_python
from notebooks.environments.limits import BuildLimits
from notebooks.environments.progress import Progress, Step
from tests.environments import TABLES, shared_environments_dir
from tests.notebooks.environments.wheels import wheel

BUILT = [Step.RESOLVING, Step.INSTALLING, Step.COMPILING, Step.READY]


def quiet(_message: str) -> None:
    pass


def visible_names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]


def unfinished(folder: Path) -> list[Path]:
    return list(folder.glob(".build-*"))


async def refused(requirements: str, root: Path, **limits: float) -> Fault:
    with pytest.raises(EnvironmentBuildError) as caught:
        await build_environment(
            requirements,
            root=root,
            log=quiet,
            limits=BuildLimits(**limits),  # type: ignore[arg-type]
        )
    assert visible_names(root) == []
    assert unfinished(root) == []
    [fault] = caught.value.faults
    return fault


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


async def test_a_repeat_in_other_words_runs_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    root = shared_environments_dir()
    name = await build_environment(TABLES, root=root, log=quiet)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    steps: list[Progress] = []
    for text in (TABLES, "# both\r\nPANDAS # tables\n\n numpy\\\n\nnumpy"):
        again = await build_environment(text, root=root, log=quiet, report=steps.append)
        assert again == name
    assert [step.step for step in steps] == [Step.READY] * 2


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


async def test_a_build_tells_its_steps_and_keeps_what_uv_says(tmp_path: Path) -> None:
    steps: list[Progress] = []
    lines: list[str] = []
    await build_environment("six", root=tmp_path, log=lines.append, report=steps.append)
    assert [step.step for step in steps] == BUILT
    count = steps[1].packages
    assert count is not None
    assert count > 5
    assert f"Installing {count} packages." in lines
    assert sum(line.startswith(" + ") for line in lines) == count


def build_in_a_process(root: Path, text: str, seen: Path) -> None:
    steps: list[Progress] = []
    name = asyncio.run(build_environment(text, root=root, log=quiet, report=steps.append))
    words = " ".join(step.step.value for step in steps)
    (seen / f"{os.getpid()}").write_text(f"{name} {words}")


def test_builders_at_once_in_several_processes_install_once(tmp_path: Path) -> None:
    root, seen = tmp_path / "root", tmp_path / "seen"
    root.mkdir()
    seen.mkdir()
    # The last two ask in other words, which only their lock shows to be the same.
    texts = ["six", "six", "# the same\nSix\n", "six>=1", "six>=1.0"]
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=build_in_a_process, args=(root, one, seen)) for one in texts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
        assert worker.exitcode == 0
    told = [path.read_text().split() for path in seen.iterdir()]
    assert len(told) == len(texts)
    [name] = {words[0] for words in told}
    assert visible_names(root) == [name]
    assert sum(Step.INSTALLING.value in words for words in told) == 1
    # Of three that ask in the same words one resolves, and of the others each.
    assert sum(Step.RESOLVING.value in words for words in told) == 3


async def test_an_unknown_version_is_named(tmp_path: Path) -> None:
    fault = await refused("six\n\nnumpy==99  # too new", tmp_path)
    assert (fault.number, fault.line) == (3, "numpy==99")
    assert "no version of numpy==99" in fault.message


async def test_an_unknown_package_is_named(tmp_path: Path) -> None:
    fault = await refused("six\ncasebook-has-no-such-package", tmp_path)
    assert fault.number == 2
    assert "not found" in fault.message


async def test_a_name_that_looks_like_a_file_is_no_file(tmp_path: Path) -> None:
    fault = await refused("six\ncasebook-no-such-0.1.tar.gz", tmp_path)
    assert fault.number == 2
    assert "not found" in fault.message


async def test_pins_that_conflict_are_explained(tmp_path: Path) -> None:
    fault = await refused("numpy\nsix==1.16.0\nsix<1.10", tmp_path)
    assert fault.number in (2, 3)
    assert "six==1.16.0" in fault.message
    assert "six<1.10" in fault.message


async def test_another_ipykernel_than_the_runners_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    fault = await refused("ipykernel==6.0.0", tmp_path)
    assert fault.number == 1
    assert fault.message.startswith("every environment has ipykernel==7.4.0; leave this line out.")


async def test_a_package_without_a_wheel_is_refused_with_what_to_do(tmp_path: Path) -> None:
    fault = await refused("six\npyspark==3.5.0", tmp_path)
    assert (fault.number, fault.line) == (2, "pyspark==3.5.0")
    assert fault.message.startswith("pyspark has no wheel for Python 3.")
    assert "Pin a version that has a wheel" in fault.message


async def test_a_hash_is_held_to(tmp_path: Path) -> None:
    lock = await lock_requirements("six==1.17.0", log=quiet)
    found = re.search(r"six==1\.17\.0((?: \\\n\s+--hash=\S+)+)", lock.text)
    assert found is not None
    hashes = re.findall(r"sha256:[0-9a-f]{64}", found[1])
    chosen = await lock_requirements(
        f"six==1.17.0 --hash={hashes[0]} --hash=sha256:{'0' * 64}", log=quiet
    )
    assert re.findall(r"six==\S+ \\\n\s+--hash=(\S+)\n\S", chosen.text) == [hashes[0]]
    assert chosen.packages == lock.packages
    fault = await refused(f"six==1.17.0 --hash=sha256:{'0' * 64}", tmp_path)
    assert (fault.number, fault.line) == (1, "six==1.17.0")
    assert "has the hash that this line gives" in fault.message


async def test_too_many_packages_are_refused_before_they_are_installed(tmp_path: Path) -> None:
    fault = await refused("six", tmp_path, packages=3)
    assert re.match(r"\d+ packages would be installed, .* may have 3; ask for fewer", fault.message)


async def test_too_large_an_environment_is_refused_and_the_biggest_packages_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path / "wheels", "casebook_large", {"casebook_large/a.bin": bytes(40 * 1024 * 1024)})
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    root = tmp_path / "root"
    fault = await refused("casebook-large", root, installed_bytes=30 * 1024 * 1024)
    assert "an environment may take 30 MiB" in fault.message
    assert "the biggest are: casebook_large 1.0 (40 MiB), " in fault.message


async def test_a_build_that_takes_too_long_is_ended_with_its_processes(tmp_path: Path) -> None:
    fault = await refused("six", tmp_path, seconds=0.05)
    assert "took more than 0.05 s" in fault.message
    assert running_below(tmp_path) == []


async def test_what_a_killed_builder_left_is_removed_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / ".build-old", tmp_path / ".build-young"
    for folder in (old, young):
        (folder / "sealed").mkdir(parents=True)
        (folder / "sealed" / "file").touch()
        (folder / "sealed").chmod(0o555)
    os.utime(old, (0, 0))
    with pytest.raises(EnvironmentBuildError):
        await build_environment("casebook-has-no-such-package", root=tmp_path, log=quiet)
    assert not old.exists()
    assert young.exists()


def running_below(folder: Path) -> Sequence[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found
