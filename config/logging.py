"""Structured logs: one JSON object a line on stderr, from every library, without secrets."""

import logging.config
import re
import sys
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

_SECRET_KEY = re.compile(
    r"token|secret|password|authorization|cookie|ticket|assertion|private|api_?key", re.IGNORECASE
)
_SECRET_VALUE = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user and password in a URL
    r"|(?<=[?&]ticket=)[^&\s\"']+"
    r"|(?<=[Bb]earer )\S+"
)
HIDDEN = "[hidden]"


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what must not be in a log: by the name of the field, and by the look of the text."""
    return {
        key: HIDDEN if _SECRET_KEY.search(key) else _hidden(value) for key, value in event.items()
    }


def configure_logging(level: str = "INFO") -> None:
    """Send structlog's and the standard library's records to stderr as JSON lines."""
    logging.config.dictConfig(logging_config(level))
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_config(level: str = "INFO") -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`, and so for gunicorn."""
    final = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.processors.JSONRenderer(),
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": final,
                "foreign_pre_chain": _shared(),
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "json"}
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            # Request lines of these hold URLs, and URLs may hold tickets.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": True},
        },
    }


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _hidden(value: object) -> object:
    if isinstance(value, str):
        return _SECRET_VALUE.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {
            key: HIDDEN if _SECRET_KEY.search(str(key)) else _hidden(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    return value
