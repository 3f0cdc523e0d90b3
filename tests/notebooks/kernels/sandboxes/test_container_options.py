from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from notebooks.kernels.records import Limits
from notebooks.kernels.sandboxes.container.options import ContainerSpec, container_options


def options(*, own_uid: bool = True, **changes: Any) -> dict[str, Any]:
    spec = ContainerSpec(
        name="casebook-1",
        image="casebook-kernel",
        runtime=None,
        label=Path("/run/casebook"),
        uid=1_900_000_000,
        processes_are_its_own=own_uid,
        python=Path("/env/bin/python"),
        entry=Path("/run/casebook/c/1"),
        command=("/env/bin/python", "x.py"),
        limits=Limits(memory_bytes=1000, processes=10, cpu_percent=50, home_bytes=4096),
        seccomp="{}",
        read_only=((Path("/env"), PurePosixPath("/env")),),
        writable=(Path("/run/casebook/k/1"),),
        **changes,
    )
    return container_options(spec)


def test_every_limit_has_its_place_in_the_engines_options() -> None:
    host = options()["host_config"]
    assert (host["Memory"], host["MemorySwap"]) == (1000, 1000)
    assert host["CpuQuota"] * 2 == host["CpuPeriod"]
    assert host["PidsLimit"] == 14
    assert "size=4096" in host["Tmpfs"]["/home/student"]
    ulimits = {limit["Name"]: limit["Hard"] for limit in host["Ulimits"]}
    assert ulimits == {"core": 1, "nofile": 1024, "cpu": 3600, "nproc": 14}


def test_a_container_has_no_network_no_rights_and_a_filter_of_ours() -> None:
    host = options()["host_config"]
    assert host["NetworkMode"] == "none"
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges", "seccomp={}"]
    assert host["ReadonlyRootfs"] is True
    assert "Privileged" not in host


def test_only_the_socket_folder_of_a_kernel_is_bound_to_be_written() -> None:
    mounts = options()["host_config"]["Mounts"]
    assert [mount["Target"] for mount in mounts if not mount["ReadOnly"]] == ["/run/casebook/k/1"]


@pytest.mark.parametrize(("own_uid", "processes"), [(True, 14), (False, -1)])
def test_processes_count_by_user_only_where_the_user_is_its_own(
    processes: int, *, own_uid: bool
) -> None:
    ulimits = options(own_uid=own_uid)["host_config"]["Ulimits"]
    assert [limit["Hard"] for limit in ulimits if limit["Name"] == "nproc"] == [processes]
