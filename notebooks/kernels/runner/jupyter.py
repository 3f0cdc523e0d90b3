"""The runner as a Jupyter Server extension behind a listener of our own.

Jupyter Server brings the application, its loop and its life cycle. None of its services can be
reached: they are not mounted, and the listener passes on nothing but `/casebook/`. The listener
demands a client certificate and takes the newest one of its own for each connection.
"""

import signal
import ssl
from typing import Any

import structlog
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado.httpserver import HTTPServer
from tornado.routing import PathMatches, Rule, RuleRouter

from config.settings import Settings
from config.tls import ServerContexts
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.runner.handlers import routes
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.runner.replays import Replays
from notebooks.kernels.sandboxes.base import Launcher

log = structlog.get_logger(__name__)

_MAX_BODY_BYTES = 64 * 1024 * 1024
_MODULE = __name__


class RunnerExtension(ExtensionApp):
    """The runner's routes, and what they work on, as a Jupyter Server extension."""

    name = "casebook_runner"
    kernels: Kernels
    replayer: SandboxReplayer
    replays: Replays
    launcher: Launcher

    def initialize_handlers(self) -> None:
        """Make the parts, which need no running loop, and mount the routes."""
        server = self.serverapp
        if not isinstance(server, RunnerServer):
            raise TypeError("the runner's extension runs in the runner's own server only")
        self.launcher = server.launcher
        self.kernels = Kernels(server.runner_settings, self.launcher)
        servers = server.runner_settings.grading_server_limit
        self.replayer = SandboxReplayer(self.launcher, servers=servers)
        self.replays = Replays(self.replayer)
        self.handlers.extend(routes(self.kernels, self.replays))

    async def _start_jupyter_server_extension(self, _serverapp: ServerApp) -> None:
        self.kernels.start()

    async def stop_extension(self) -> None:
        """End every sandbox."""
        await self.replays.close()
        await self.replayer.close()
        await self.kernels.close()
        self.launcher.close()


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": _MODULE, "app": RunnerExtension}]


class _Listener(HTTPServer):
    """Asks for the TLS context anew for each connection."""

    contexts: ServerContexts

    def initialize(  # type: ignore[override] # made here only, with these arguments
        self, router: RuleRouter, *, contexts: ServerContexts
    ) -> None:
        """Take the contexts first: the base class looks at `ssl_options`."""
        self.contexts = contexts
        super().initialize(router, max_body_size=_MAX_BODY_BYTES)

    @property
    def ssl_options(self) -> ssl.SSLContext:
        return self.contexts.get()

    @ssl_options.setter
    def ssl_options(self, _options: object) -> None:
        """Ignore what the base class sets; there is no other way than `contexts`."""


class RunnerServer(ServerApp):
    """Jupyter Server without its services, and with our listener."""

    default_services = ()  # type: ignore[assignment] # typed by the length of its own
    runner_settings: Settings
    launcher: Launcher

    def init_signal(self) -> None:
        """End orderly on both signals, without asking back."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signal_stop)

    def start_app(self) -> None:
        """Announce nothing and write no files about a login that does not exist."""

    def init_httpserver(self) -> None:
        """Make the listener; it passes on nothing but the runner's own paths."""
        router = RuleRouter([Rule(PathMatches(r"/casebook/.*"), self.web_app)])
        contexts = ServerContexts(self.runner_settings.certificates_dir / "runner")
        self._http_server = _Listener(router, contexts=contexts)
        self.io_loop.add_callback(self._listen)

    def _listen(self) -> None:
        self.http_server.listen(self.runner_settings.runner_port, "127.0.0.1")
        log.info("runner.listening", port=self.runner_settings.runner_port)


def make_server(settings: Settings, launcher: Launcher) -> RunnerServer:
    """Return the server, ready to be started."""
    server = RunnerServer(
        allow_root=True,
        open_browser=False,
        log_level="WARN",
        jpserver_extensions={_MODULE: True},
    )
    server.runner_settings = settings
    server.launcher = launcher
    server.initialize(argv=[], find_extensions=False)
    return server
