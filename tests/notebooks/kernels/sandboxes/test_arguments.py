from dataclasses import replace
from pathlib import Path, PurePosixPath

from notebooks.kernels.records import Limits
from notebooks.kernels.sandboxes.arguments import (
    SandboxFiles,
    SandboxSpec,
    bwrap_arguments,
    inner_command,
)
from notebooks.kernels.sandboxes.base import describe_death

FILES = SandboxFiles(seccomp=8, passwd=7)


def spec(uid: int | None, *, limited_by_cgroup: bool = True) -> SandboxSpec:
    python = Path("/root/.pyenv/versions/3.11")
    return SandboxSpec(
        command=("python", "x.py"),
        limits=Limits(processes=10),
        read_only=((python, PurePosixPath(python)),),
        uid=uid,
        limited_by_cgroup=limited_by_cgroup,
    )


def test_root_makes_no_user_namespace_and_becomes_another_user() -> None:
    assert "--unshare-user" not in bwrap_arguments(spec(1_900_000_000), FILES)
    inner = inner_command(spec(1_900_000_000))
    assert "--reuid=1900000000" in inner
    assert "--bounding-set=-all" in inner
    assert inner[-2:] == ["python", "x.py"]


def test_an_ordinary_user_gets_a_user_namespace_and_limits_per_process() -> None:
    options = bwrap_arguments(spec(None), FILES)
    assert {"--unshare-user", "--disable-userns", "--unshare-all"} <= set(options)
    inner = inner_command(spec(None, limited_by_cgroup=False))
    assert "--nproc=10" in inner
    assert "/usr/bin/setpriv" not in inner


def test_a_jailer_may_make_namespaces_and_leaves_filter_and_time_to_its_jails() -> None:
    files = SandboxFiles(seccomp=None, passwd=7)
    root, user = (replace(spec(uid), jailer=True) for uid in (1_900_000_000, None))
    assert "--seccomp" not in bwrap_arguments(root, files)
    assert "--disable-userns" not in bwrap_arguments(user, files)
    inner = inner_command(root)
    assert not [word for word in inner if word.startswith("--cpu")]
    # The right to mount is gone by the time the program runs.
    assert inner.index("/bin/sh") < inner.index("--bounding-set=-all") < inner.index("python")


def test_folders_on_the_way_to_a_mount_can_be_passed_but_show_nothing() -> None:
    options = bwrap_arguments(spec(None), FILES)
    place = options.index("/root")
    assert options[place - 3 : place] == ["--perms", "0755", "--dir"]
    assert "/root" not in options[options.index("--ro-bind") :]


def test_a_death_is_described_in_plain_words() -> None:
    gigabyte = 1024**3
    told = [
        describe_death(exit_code=code, out_of_memory=memory, memory_bytes=gigabyte)
        for code, memory in ((137, True), (137, False), (139, False), (152, False), (3, False))
    ]
    words = ("more than 1 GB", "killed", "crashed", "computing time", "exit code 3")
    assert all(word in text for word, text in zip(words, told, strict=True))
