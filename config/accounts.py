"""The system account under which services run when Casebook is started by root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass

from config.errors import ConfigError

SERVICE_ACCOUNT = "casebook"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


def service_account() -> Account:
    """Return who runs services: this user, or for root the account `casebook`, made if missing.

    Raises:
        ConfigError: root cannot create the account.
    """
    if os.geteuid() != 0:
        return _account(pwd.getpwuid(os.geteuid()))
    try:
        return _account(pwd.getpwnam(SERVICE_ACCOUNT))
    except KeyError:
        _create_account()
    try:
        return _account(pwd.getpwnam(SERVICE_ACCOUNT))
    except KeyError:
        raise ConfigError(
            f"there is no system user {SERVICE_ACCOUNT!r} and it could not be created; run "
            f"`useradd --system {SERVICE_ACCOUNT}`, or start Casebook as an ordinary user"
        ) from None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create_account() -> None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        return
    # Its exit status does not matter: another process may have been faster, and the caller looks.
    subprocess.run(  # noqa: S603 - a fixed command line
        [
            *(useradd, "--system", "--user-group", "--no-create-home"),
            *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SERVICE_ACCOUNT),
        ],
        check=False,
        capture_output=True,
        timeout=30,
    )
