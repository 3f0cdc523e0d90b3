"""A small LMS around the platform side of Open edX's own LTI code.

Run by the interpreter that has `lti-consumer-xblock`: `python serve.py FOLDER` prints its origin,
then serves. Everything that speaks LTI is that code's own; `course.py` has what it asks of an LMS.
"""

import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


class Server(ThreadingMixIn, WSGIServer):
    """The token endpoint fetches the tool's keys while the tool waits for it: threads."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing: what it would say holds tokens."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


# Bound before Django is told its settings, for its own address is among them.
SERVER = Server(("127.0.0.1", 0), Quiet)
ORIGIN = f"http://127.0.0.1:{SERVER.server_port}"
FOLDER = Path(sys.argv[1])

settings.configure(
    SECRET_KEY="open edx peer",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="course",
    USE_TZ=True,
    LOGGING={
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR"}},
    },
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(FOLDER / "lms.sqlite"),
            "OPTIONS": {"timeout": 20},
        }
    },
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "config_models",
        "lti_consumer.apps.LTIConsumerApp",
        "profiles",
    ],
    MIDDLEWARE=["course.logged_in"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    LMS_ROOT_URL=ORIGIN,
    LTI_BASE=ORIGIN,
    LTI_API_BASE=ORIGIN,
    LEARNING_MICROFRONTEND_URL=ORIGIN,
    PLATFORM_NAME="Open edX",
    USAGE_ID_PATTERN=r"(?P<usage_id>(?:i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?)|(?:[^/]+))",
)


def main() -> None:
    """Make the database and serve."""
    application = get_wsgi_application()
    call_command("migrate", verbosity=0, run_syncdb=True)
    SERVER.set_app(application)
    sys.stdout.write(f"{ORIGIN}\n")
    sys.stdout.flush()
    SERVER.serve_forever()


if __name__ == "__main__":
    main()
