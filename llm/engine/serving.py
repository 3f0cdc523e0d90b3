"""gunicorn's configuration file of the llm process, and its application.

One process: it owns the engine. A thread for each request that is answered or waits.
"""

import ssl
from collections.abc import Callable
from typing import Any

from config.logging import configure_logging, logging_config
from config.roles import Role
from config.settings import Settings
from config.tls import ServerContexts
from llm.engine.gateway import Gateway
from llm.engine.keeper import Keeper
from llm.engine.options import Shape
from llm.engine.start import model_of

_settings = Settings()
_folder = _settings.certificates_dir / Role.LLM
_contexts = ServerContexts(_folder)
_WAITING = 64

bind = [f"127.0.0.1:{_settings.llm_port}"]
worker_class = "gthread"
workers = 1
threads = _settings.llm_slots + _WAITING + 8
"""Some to spare, so that there is always one to say how the engine is."""
timeout = 60
graceful_timeout = 2
keepalive = 75
"""Seconds; callers close idle connections sooner, so that none is closed under a request."""
proc_name = "casebook-llm"
control_socket_disable = True
logconfig_dict = logging_config()
certfile = str(_folder / "current" / "cert.pem")
keyfile = str(_folder / "current" / "key.pem")

_keeper: Keeper | None = None


def ssl_context(_conf: Any, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:  # noqa: ANN401 - gunicorn's type
    """Return a context that requires client certificates; asked for every connection."""
    return _contexts.get()


def post_fork(_server: object, _worker: object) -> None:
    """Log like the other processes."""
    configure_logging()


def worker_exit(_server: object, _worker: object) -> None:
    """End the engine with the process that owns it."""
    if _keeper is not None:
        _keeper.stop()


def create_app() -> Gateway:
    """Return the application, with its engine on the way.

    Raises:
        NotConfiguredError: no model is configured.
    """
    global _keeper  # noqa: PLW0603 - gunicorn knows hooks of a module, not of an object
    shape = Shape(
        slots=_settings.llm_slots,
        slot_tokens=_settings.llm_slot_tokens,
        threads=_settings.llm_threads,
    )
    _keeper = Keeper(model_of(_settings), shape)
    _keeper.start()
    return Gateway(_keeper, slots=_settings.llm_slots, waiting=_WAITING)
