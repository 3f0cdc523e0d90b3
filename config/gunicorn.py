"""gunicorn's configuration file (`-c python:config.gunicorn`), from the settings.

Threads, since an event stream holds one for its whole life; the defaults suit 200 streams.
"""

import ssl
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.logging import configure_logging, logging_config
from config.settings import Settings

_settings = Settings()

bind = [f"{_settings.listen_address}:{_settings.tool_port}"]
worker_class = "gthread"
workers = _settings.web_processes
threads = _settings.web_threads
preload_app = True
"""The imports, several seconds of CPU time, are done once for all workers, and not again for one
that is replaced. An application must connect to nothing and start no thread when it is made."""
timeout = 60
graceful_timeout = 2
"""Seconds; streams reconnect by themselves, so nobody has to wait for their end."""
keepalive = 20
backlog = 512
proc_name = "casebook-web"
control_socket_disable = True
logconfig_dict = logging_config()
certfile = str(_settings.tls_certificate) if _settings.tls_certificate else None
keyfile = str(_settings.tls_key) if _settings.tls_key else None


def post_fork(_server: object, _worker: object) -> None:
    """Let the application log like gunicorn itself."""
    configure_logging()


def ssl_context(conf: Any, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:  # noqa: ANN401 - gunicorn's type
    """Return the public listener's context; asked for every connection, so new files are seen."""
    files = (Path(conf.certfile), Path(conf.keyfile))
    return _context(*files, *(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=1)
def _context(certificate: Path, key: Path, *_changed: int) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
