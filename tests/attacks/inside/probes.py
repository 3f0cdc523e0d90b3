"""Runs inside a sandbox and tries to get out or at others; prints what came of each try as JSON."""

import contextlib
import ctypes
import json
import os
import pathlib
import socket
import subprocess  # nosec B404 - an attack
import sys

libc = ctypes.CDLL(None, use_errno=True)
found: dict[str, object] = {}

NUMBERS = {"io_uring_setup": 425, "clone3": 435, "bpf": 321, "userfaultfd": 323, "keyctl": 250,
           "perf_event_open": 298, "ptrace": 101, "process_vm_readv": 310, "mount": 165,
           "unshare": 272, "setns": 308, "pidfd_getfd": 438, "chroot": 161, "add_key": 248,
           "kexec_load": 246, "open_by_handle_at": 304, "move_mount": 429}  # fmt: skip


def status() -> dict[str, str]:
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def attempt(name: str, action: object) -> None:
    try:
        found[name] = repr(action())  # type: ignore[operator]
    except OSError as error:
        found[name] = error.__class__.__name__ if error.errno is None else f"errno {error.errno}"


def connect(address: tuple[str, int]) -> None:
    with contextlib.closing(socket.socket()) as made:
        made.settimeout(3)
        made.connect(address)


def listed(folder: str) -> list[str]:
    return [entry.name for entry in pathlib.Path(folder).iterdir()]


def code_of(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def syscall(number: int) -> object:
    ctypes.set_errno(0)
    result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    return result if result >= 0 else f"refused {ctypes.get_errno()}"


def fill(path: str) -> int:
    written = 0
    try:
        with pathlib.Path(path).open("wb") as file:
            while written < 512 * 1024 * 1024:
                written += file.write(b"x" * 1024 * 1024)
                file.flush()
    except OSError:
        pass
    with contextlib.suppress(OSError):
        pathlib.Path(path).unlink()
    return written


own = status()
found["uid"] = os.getuid()
found["capabilities"] = [own[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")]
found["no_new_privs"] = own["NoNewPrivs"]
found["seccomp"] = own["Seccomp"]
found["environment"] = sorted(os.environ)
found["processes"] = sorted(int(name) for name in listed("/proc") if name.isdigit())
found["interfaces"] = [name for _, name in socket.if_nameindex()]

attempt("internet", lambda: connect(("1.1.1.1", 80)))
attempt("metadata", lambda: connect(("169.254.169.254", 80)))
attempt("host_port", lambda: connect(("127.0.0.1", int(sys.argv[1]))))
attempt("dns", lambda: socket.getaddrinfo("example.org", 80))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("netlink_audit", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9))
attempt("abstract_socket", lambda: socket.socket(socket.AF_UNIX).connect(f"\0{sys.argv[3]}"))

for name, number in NUMBERS.items():
    found[name] = syscall(number)

for path in (sys.argv[2], "/etc/shadow", "/etc/hostname", "/root/.ssh", "/work", "/proc/1/environ",
             "/proc/1/root", "/run/docker.sock", "/sys/fs/cgroup"):  # fmt: skip
    try:
        entry = pathlib.Path(path)
        found[f"read {path}"] = repr(listed(path) if entry.is_dir() else entry.read_bytes())
    except OSError as error:
        found[f"read {path}"] = f"errno {error.errno}"

for path in ("/etc/x", "/usr/bin/x", "/x", "/casebook/x", f"{sys.prefix}/x", "/dev/x"):
    attempt(f"write {path.replace(sys.prefix, 'PREFIX')}", lambda path=path: open(path, "w"))  # noqa: SIM115, PTH123 - an attack

attempt("signal_1", lambda: os.kill(1, 9))
attempt("oom_score", lambda: pathlib.Path("/proc/self/oom_score_adj").write_text("-1000"))
attempt("setuid", lambda: os.setuid(0))
attempt("core_pattern", lambda: pathlib.Path("/proc/sys/kernel/core_pattern").write_text("|/x"))
found["userns"] = code_of("/usr/bin/unshare", "-U", "true")
found["su"] = code_of("/usr/bin/su", "-c", "id")

for path in ("/home/student/big", "/tmp/big", "/dev/shm/big"):
    found[f"fill {path}"] = fill(path)

sys.stdout.write(json.dumps(found))
