import pytest

from config.errors import SandboxUnavailableError
from config.settings import Settings
from notebooks.kernels.sandboxes import check
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.kernels.sandboxes.check import check_sandbox, explain


@pytest.mark.sandbox
def test_a_machine_on_which_sandboxes_work_passes(
    settings: Settings, launcher: BwrapLauncher
) -> None:
    notes = check_sandbox(settings, launcher)
    assert bool(notes) == (launcher.weak_limits or not launcher.as_root)


def test_a_missing_bubblewrap_is_named_with_the_remedy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SandboxUnavailableError, match="apt install bubblewrap"):
        check_sandbox(settings)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("bwrap: Unknown option --disable-userns", "0.8 or later"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "unmask=ALL"),
        ("bwrap: Creating new namespace failed: Operation not permitted", "--privileged"),
    ],
)
def test_a_complaint_is_explained(said: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_in_chroot", lambda: False)
    assert remedy in explain(said)


def test_a_plain_chroot_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_in_chroot", lambda: True)
    assert "chroot" in explain("bwrap: pivot_root: Invalid argument")


@pytest.mark.parametrize(
    ("switch", "value", "remedy"),
    [
        ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        (
            "kernel/unprivileged_userns_clone",
            "0",
            "sysctl -w kernel.unprivileged_userns_clone=1",
        ),
    ],
)
def test_an_ordinary_user_is_told_which_switch_forbids_user_namespaces(
    switch: str, value: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(check, "_sysctl", {switch: value}.get)
    said = "bwrap: No permissions to create new namespace"
    assert f"As root: {remedy} (or run this as root)." in explain(said)
