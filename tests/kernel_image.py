"""The image that containers run from, made from Debian's packages: there is no registry here."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.environments import shared_environments_dir

_PREPARE = Path(__file__).parents[1] / "deploy" / "kernel" / "prepare"
_SUITE = "bookworm"
_MIRROR = "http://deb.debian.org/debian"
_PACKAGES = (
    "tini", "python3", "libbz2-1.0", "libffi8", "libgomp1", "liblzma5", "libreadline8",
    "libsqlite3-0", "libssl3", "zlib1g",
)  # fmt: skip
_BUILD_SECONDS = 900


class ImageError(Exception):
    """The image cannot be made here; the message says why."""


def kernel_image() -> Path:
    """Return the image as a tar file, as `podman import` takes it; made once on this machine.

    Raises:
        ImageError: debootstrap is missing, or could not fetch its packages.
    """
    recipe = _PREPARE.read_bytes() + " ".join((_SUITE, *_PACKAGES)).encode()
    digest = hashlib.sha256(recipe).hexdigest()[:12]
    image = shared_environments_dir().parent / f"kernel-image-{digest}.tar"
    image.parent.mkdir(parents=True, exist_ok=True)
    with image.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.exists():
            _make(image)
    return image


def _make(image: Path) -> None:
    if shutil.which("debootstrap") is None:
        raise ImageError("debootstrap is not installed")
    with tempfile.TemporaryDirectory(prefix="casebook-image-") as folder:
        root, made = Path(folder) / "root", image.with_suffix(".new")
        include = f"--include={','.join(_PACKAGES)}"
        _run("debootstrap", "--variant=minbase", include, _SUITE, str(root), _MIRROR)
        shutil.copy(_PREPARE, root / "prepare")
        _run("chroot", str(root), "sh", "/prepare", "--no-packages")
        (root / "prepare").unlink()
        _run("tar", "-C", str(root), "-cf", str(made), ".")
        made.rename(image)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
    )
    if done.returncode != 0:
        raise ImageError(f"{command[0]} failed: {(done.stderr or done.stdout)[-500:]}")
