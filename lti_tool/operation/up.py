"""`casebook up`: every process of one machine, in order, and what each needs to start."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import click
import httpx
from pydantic import SecretStr

from config.certificates import ensure_authority, ensure_issued
from config.database import Database, connect
from config.errors import CertificateError, DatabaseUnavailableError
from config.migrate import upgrade
from config.paths import remove_outer_runtime_dir
from config.ports import require_free_port
from config.postgres import EmbeddedPostgres
from config.privileges import Launch
from config.processes import ProcessSpec
from config.roles import Role
from config.settings import EVERYWHERE, Settings
from config.supervisor import StopRequestedError, Supervisor, say_to_stderr
from config.tls import ClientContexts
from llm.engine.start import LAUNCH, model_of
from lti_tool.operation.lanes import ready_file
from lti_tool.operation.seed import CaseBuilds, seed_demo
from notebooks.kernels.sandboxes.check import check_sandbox

ROLES = (Role.WEB, Role.WORKER, Role.RUNNER, Role.LLM, Role.OPERATOR)
WITHOUT_DATABASE = frozenset({"runner", "llm", "demo-lms"})
"""Processes that can start while the database is brought up to date."""

READY_SECONDS = 120
PROBE_SECONDS = 2
GUNICORN = ("-m", "gunicorn", "-c", "python:config.gunicorn")


def up(settings: Settings) -> None:
    """Start everything, print `Casebook: URL` when it is ready, and run until SIGINT or SIGTERM.

    Raises:
        ConfigError: something on this machine is in the way; the message says what to do.
    """
    for note in check_sandbox(settings):
        say_to_stderr(note)
    clean_up = partial(remove_outer_runtime_dir, settings)
    with Supervisor(settings.state_dir, say_to_stderr, clean_up) as supervisor:
        try:
            _start(supervisor, settings)
            click.echo(f"Casebook: {_front_page(settings)}")
            supervisor.run()
        except StopRequestedError:
            pass
        say_to_stderr("stopping")


def _start(supervisor: Supervisor, settings: Settings) -> None:
    began = time.monotonic()
    _require_free_ports(settings)
    _renew_certificates(settings)
    interval = renewal_interval(settings.certificate_lifetime_seconds)
    supervisor.every(interval, lambda: _renew_certificates(settings))
    settings = _with_database(supervisor, settings)
    url = _url(settings)
    say_to_stderr("starting runner, worker and web")
    specs = service_specs(settings)
    supervisor.launch(*(spec for spec in specs if spec.name in WITHOUT_DATABASE))
    upgrade(url)
    supervisor.start(*(spec for spec in specs if spec.name not in WITHOUT_DATABASE))
    if settings.demo:
        _build_demo_cases(supervisor, settings, url)
    say_to_stderr(f"ready after {time.monotonic() - began:.1f} s; Ctrl-C stops everything")


def service_specs(settings: Settings) -> list[ProcessSpec]:
    """Return every process but the database; each gets the settings that it may know."""
    whole = _environment(settings)
    # The runner executes other people's code next door: it is told no database URL.
    partial = {name: value for name, value in whole.items() if name != "DATABASE_URL"}
    contexts = ClientContexts(settings.certificates_dir / Role.OPERATOR)
    worker_ready = ready_file(settings)
    specs = [
        ProcessSpec(
            name="runner",
            launch=_casebook("runner"),
            environment=partial,
            ready=lambda: _answers(f"{settings.runner_url}/casebook/health", contexts),
            ready_seconds=READY_SECONDS,
        ),
        ProcessSpec(
            name="worker",
            launch=_casebook("worker"),
            environment=whole,
            prepare=lambda: worker_ready.unlink(missing_ok=True),
            ready=worker_ready.exists,
            ready_seconds=READY_SECONDS,
            grace_seconds=12,
        ),
        ProcessSpec(
            name="web",
            launch=_python(*GUNICORN, "lti_tool.app:create_app()"),
            environment=whole,
            ready=lambda: _answers(_local_tool_url(settings) + "/healthz", None),
            ready_seconds=READY_SECONDS,
        ),
    ]
    if settings.llm_model is not None:
        specs.append(
            ProcessSpec(
                name="llm",
                launch=LAUNCH,
                environment=partial,
                # It answers while the model is being loaded: nothing else waits for that.
                ready=lambda: _answers(f"{settings.llm_url}/health", contexts),
                ready_seconds=READY_SECONDS,
            )
        )
    if settings.demo:
        bind = ("--bind", f"127.0.0.1:{settings.port}", "--workers", "1", "--threads", "16")
        app = "lti_tool.demo_lms.app:create_app()"
        specs.append(
            ProcessSpec(
                name="demo-lms",
                launch=_python(*GUNICORN, *bind, "--certfile", "", "--keyfile", "", app),
                environment=partial,
                ready=lambda: _answers(f"{settings.demo_lms_url}/", None),
                ready_seconds=READY_SECONDS,
            )
        )
    return specs


def postgres_spec(cluster: EmbeddedPostgres) -> ProcessSpec:
    """Return the embedded database as a supervised process."""
    cluster.prepare()
    return ProcessSpec(
        name="postgres",
        launch=cluster.launch(),
        prepare=cluster.prepare,
        ready=cluster.is_ready,
        ready_seconds=READY_SECONDS,
        stop_signal=signal.SIGINT,
        grace_seconds=20,
    )


def _with_database(supervisor: Supervisor, settings: Settings) -> Settings:
    if settings.database_url is not None:
        return settings
    say_to_stderr("starting the embedded PostgreSQL")
    cluster = EmbeddedPostgres(settings)
    supervisor.start(postgres_spec(cluster))
    return settings.model_copy(update={"database_url": SecretStr(cluster.url())})


def _build_demo_cases(supervisor: Supervisor, settings: Settings, url: str) -> None:
    engine = connect(url, pool_size=2)
    try:
        database = Database(engine)
        builds = CaseBuilds(database, seed_demo(database, settings), say_to_stderr)
        supervisor.wait_until(builds.are_ready)
    finally:
        engine.dispose()


def _require_free_ports(settings: Settings) -> None:
    require_free_port(settings.listen_address, settings.tool_port, "the tool")
    require_free_port("127.0.0.1", settings.runner_port, "the runner")
    if settings.llm_model is not None:
        model_of(settings)
        require_free_port("127.0.0.1", settings.llm_port, "the model")
    if settings.demo:
        require_free_port("127.0.0.1", settings.port, "the demo LMS")


def _renew_certificates(settings: Settings) -> None:
    folder = settings.certificates_dir
    lifetime = timedelta(seconds=settings.certificate_lifetime_seconds)
    authority = ensure_authority(folder / "authority")
    for role in ROLES:
        ensure_issued(authority, role, folder / role, lifetime)


def renewal_interval(lifetime_seconds: int) -> float:
    """Return how often to look: often enough to hit the last third of a life several times."""
    return min(600.0, max(1.0, lifetime_seconds / 12))


def _answers(url: str, contexts: ClientContexts | None) -> bool:
    try:
        # Our own certificates are checked; the public one is for another name than this address.
        verify = contexts.get() if contexts is not None else False
        return httpx.get(url, verify=verify, timeout=PROBE_SECONDS, trust_env=False).is_success
    except (httpx.HTTPError, CertificateError):
        return False


def _local_tool_url(settings: Settings) -> str:
    host = settings.listen_address.replace(EVERYWHERE, "127.0.0.1")
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.tool_port}"


def _front_page(settings: Settings) -> str:
    return f"{settings.demo_lms_url}/" if settings.demo else settings.public_url


def _environment(settings: Settings) -> Mapping[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CASEBOOK_") and name != "DATABASE_URL"
    }
    return {**inherited, **settings.as_environment(), "PYTHONUNBUFFERED": "1"}


def _casebook(command: str) -> Launch:
    return _python("-m", "lti_tool.cli", command)


def _python(*arguments: str) -> Launch:
    return Launch([sys.executable, *arguments])


def _url(settings: Settings) -> str:
    if settings.database_url is None:
        raise DatabaseUnavailableError("there is no database")
    return settings.database_url.get_secret_value()
