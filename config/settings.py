"""The one settings object: read once at start, frozen, and passed down."""

import os
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

EVERYWHERE = str(IPv4Address(0))
"""The address of all interfaces."""


def default_state_dir() -> Path:
    """Return `$XDG_STATE_HOME/casebook`, by default `~/.local/state/casebook`."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "casebook"


class Settings(BaseSettings):
    """Everything an operator may set, by environment variable `CASEBOOK_<NAME>`.

    `Settings(state_dir=Path("/srv/casebook"), port=8000)` in code; units stand in the names.
    """

    model_config = SettingsConfigDict(
        env_prefix="CASEBOOK_", frozen=True, extra="ignore", populate_by_name=True
    )

    state_dir: Path = Field(default_factory=default_state_dir)
    environments_dir_override: Path | None = None
    """Where built environments are shared; `None` means inside the state folder."""

    demo: bool = True
    """Run the demo LMS beside the tool; only ever on loopback."""
    port: int = 8000
    """The port of the page that `./run` prints: the demo LMS in demo mode, else the tool."""
    tool_port_override: int | None = None
    runner_port_override: int | None = None
    public_url_override: str | None = None
    """Where browsers reach the tool; `None` means loopback."""
    bind_address: str | None = None
    """Where the tool listens; `None` means loopback, or everywhere when it has a certificate."""
    tls_certificate: Path | None = None
    """Certificate chain of the public listener, PEM; `None` means plain HTTP on loopback."""
    tls_key: Path | None = None

    database_url: SecretStr | None = Field(default=None, alias="DATABASE_URL")
    """An external PostgreSQL; `None` starts the embedded one."""
    database_pool_size: int = 16
    database_connect_seconds: int = 5

    certificate_lifetime_seconds: int = 7 * 24 * 3600

    web_processes: int = 2
    web_threads: int = 256
    stream_limit: int = 100
    """Open event streams per web process; beyond it pages poll."""
    stream_seconds: float = 55
    heartbeat_seconds: float = 15

    session_seconds: int = 12 * 3600
    """How long a launch lasts before the student has to open the activity again."""
    token_seconds: int = 3600

    key_rotation_days: float = Field(default=30, ge=0)
    """How long a key signs the tool's messages before the next one does; 0 never rotates."""
    registration_private_addresses: bool = False
    """Whether a platform that registers itself may be on this host or in a private network."""

    provisioner: Literal["bwrap", "container"] = "bwrap"
    """What keeps sandboxes: bubblewrap, or the containers of Docker or Podman."""
    container_url: str | None = None
    """Where the container engine listens, such as `unix:///run/podman/podman.sock`; `None` means
    Docker's usual socket, or else Podman's."""
    container_image: str = "casebook-kernel"
    container_runtime: str | None = None
    """The engine's runtime, such as `runsc`; `None` means the engine's own choice."""
    run_seconds: float = 300
    """Wall time of one cell."""
    replay_seconds: float = 120
    """Wall time of one clean replay."""
    grading_server_limit: int = 4
    """Grading servers kept ready, one for each environment in use; 0 forks none."""
    kernel_memory_bytes: int = 1024 * 1024 * 1024
    kernel_processes: int = 64
    kernel_cpu_percent: int = 100
    kernel_home_bytes: int = 64 * 1024 * 1024
    kernel_idle_seconds: int = 1800
    kernel_limit: int = 40
    """Kernels alive at once on this runner."""
    kernels_memory_bytes: int | None = None
    """Memory that they may take together, as measured; `None` means two thirds of the machine's."""
    kernel_spare_seconds: float = 30
    """An idle kernel that was used so recently makes no room for another one."""
    kernel_queue_limit: int = 500
    """Attempts that may wait for a kernel while the runner is full."""
    kernel_pool_limit: int = 8
    """Kernels of one kind that wait for students, at most; 0 keeps none."""

    llm_model: Path | None = None
    """A model as a GGUF file, served by llama.cpp on this machine; `None` serves none, and the
    feedback of templates is all there is."""
    llm_port_override: int | None = None
    llm_slots: int = Field(default=4, ge=1, le=64)
    """Answers that are written at the same time."""
    llm_slot_tokens: int = Field(default=8192, ge=512)
    """Context of each: prompt and answer together; memory grows with slots times tokens."""
    llm_threads: int | None = Field(default=None, ge=1)
    """Cores that write answers; `None` means all but one."""

    http_timeout_seconds: float = 10
    upload_bytes: int = 64 * 1024 * 1024

    environment_build_seconds: float = 1200
    """Wall time of building one environment, waiting for another builder of it included."""
    environment_bytes: int = 4 * 1024**3
    """Size of one environment's installed files."""
    environment_packages: int = 300
    """Packages of one environment, those that others need included."""
    image_registry: str | None = None
    """Where `casebook case image` pushes, e.g. `registry.example.org/casebook`."""
    data_bytes: int = 2 * 1024**3
    """Data of one case: the files that come with it and those that are fetched."""
    data_fetch_seconds: float = 1800
    """Wall time of fetching one data file."""
    data_private_addresses: bool = False
    """Whether data may be fetched from this host and private networks."""

    @property
    def listen_address(self) -> str:
        """Return the address of the tool's listener."""
        return self.bind_address or (EVERYWHERE if self.tls_certificate else "127.0.0.1")

    @property
    def environments_dir(self) -> Path:
        """Return the folder of content-addressed environments."""
        return self.environments_dir_override or self.state_dir / "environments"

    @property
    def data_dir(self) -> Path:
        """Return the folder of content-addressed data folders."""
        return self.state_dir / "data"

    @property
    def downloads_dir(self) -> Path:
        """Return the folder of fetched data files, each named by its SHA-256."""
        return self.state_dir / "downloads"

    @property
    def objects_dir(self) -> Path:
        """Return the folder of the file-system object store."""
        return self.state_dir / "objects"

    @property
    def certificates_dir(self) -> Path:
        """Return the folder that holds the local CA and one folder per role."""
        return self.state_dir / "certificates"

    @property
    def keys_dir(self) -> Path:
        """Return the folder of LTI private keys and signing secrets."""
        return self.state_dir / "keys"

    @property
    def tool_port(self) -> int:
        """Return the port of the tool itself: the one after the demo LMS in demo mode."""
        if self.tool_port_override is not None:
            return self.tool_port_override
        return self.port + 1 if self.demo else self.port

    @property
    def runner_port(self) -> int:
        """Return the port of the runner's mTLS listener on loopback."""
        if self.runner_port_override is not None:
            return self.runner_port_override
        return self.port + 2

    @property
    def runner_url(self) -> str:
        """Return the base URL of this machine's runner."""
        return f"https://localhost:{self.runner_port}"

    @property
    def llm_port(self) -> int:
        """Return the port of the llm process's mTLS listener on loopback."""
        if self.llm_port_override is not None:
            return self.llm_port_override
        return self.port + 3

    @property
    def llm_url(self) -> str:
        """Return the base URL of this machine's llm process."""
        return f"https://localhost:{self.llm_port}"

    @property
    def public_url(self) -> str:
        """Return the origin under which browsers and platforms see the tool, without a slash."""
        return (self.public_url_override or f"http://localhost:{self.tool_port}").rstrip("/")

    @property
    def demo_lms_url(self) -> str:
        """Return the demo LMS's origin: another site than the tool's, so cookie faults show."""
        return f"http://127.0.0.1:{self.port}"

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which another process reads the same settings."""
        fields = type(self).model_fields
        variables: dict[str, str] = {}
        for name, value in self:
            if value is None:
                continue
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            variables[fields[name].alias or f"CASEBOOK_{name.upper()}"] = text
        return variables
