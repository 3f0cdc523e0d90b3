"""The runner's API over HTTPS: parse a record, ask for the role, call one function, answer JSON."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import structlog
from pydantic import ValidationError
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from config.errors import CertificateError
from config.roles import Action, may
from config.tls import peer_role
from notebooks.errors import KernelError
from notebooks.kernels.calls import ERROR_CODES
from notebooks.kernels.records import (
    Acknowledgement,
    CodePosition,
    KernelSpec,
    Record,
    ReplayRequest,
    RunRequest,
)
from notebooks.kernels.runner.answers import read_completion, read_inspection, read_variables
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.runner.replays import Replays

log = structlog.get_logger(__name__)

ATTEND_SECONDS = 0.25
"""Budget of completion, inspection and variables: a page waits 0.3 s, the way there included."""

_IDENTIFIER = r"([A-Za-z0-9_-]{1,64})"
_STATUS: Mapping[str, int] = {"missing": 409, "busy": 409, "full": 503, "unknown_run": 404}
_CODES = {kind: code for code, kind in ERROR_CODES.items()}

_RecordT = TypeVar("_RecordT", bound=Record)


class RunnerHandler(RequestHandler):
    """Lets in whoever's role may do what the handler does."""

    action: ClassVar[Action] = Action.RUNNER_EXECUTE
    actions: ClassVar[Mapping[str, Action]] = {}
    """Methods that need another right than `action`."""

    kernels: Kernels
    replays: Replays

    def initialize(self, kernels: Kernels, replays: Replays) -> None:
        """Take what tornado passes from the route."""
        self.kernels = kernels
        self.replays = replays

    def prepare(self) -> None:
        """Refuse a caller whose certificate does not give it the right to call."""
        action = self.actions.get(self.request.method or "", self.action)
        try:
            certificate = self.request.get_ssl_certificate()
            role = peer_role(certificate if isinstance(certificate, dict) else None)
        except CertificateError as error:
            raise HTTPError(403, reason="no role") from error
        if not may(role, action):
            log.warning("runner.refused", role=role, action=action)
            raise HTTPError(403, reason=f"role {role} may not {action}")

    def check_xsrf_cookie(self) -> None:
        """Accept: nobody is known by a cookie here."""

    def body(self, record: type[_RecordT]) -> _RecordT:
        """Return the request's body as a record; 422 if it is none."""
        try:
            return record.model_validate_json(self.request.body)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            first = problems[0]
            where = ".".join(map(str, first["loc"]))
            raise _RefusedError(422, f"{where}: {first['msg']}") from error

    def answer(self, record: Record, status: int = 200) -> None:
        """Send a record."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(record.model_dump_json())

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 - tornado's
        """Send every error as JSON; domain errors have a status of their own."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        message, code = self._reason, ""
        if isinstance(error, KernelError):
            code = _CODES.get(type(error), "")
            status_code, message = _STATUS.get(code, 500), str(error)
        elif isinstance(error, _RefusedError):
            message = error.sentence
        if self.request.method == "GET" and code == "missing":
            status_code = 404
        self.set_status(status_code)
        self.finish({"error": message, "code": code})

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:  # noqa: ANN401 - tornado's
        """Keep expected refusals out of the log."""
        if not isinstance(value, KernelError | HTTPError):
            super().log_exception(typ, value, tb)


class _RefusedError(HTTPError):
    """An error with a sentence for the caller."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status)
        self.sentence = sentence


class KernelHandler(RunnerHandler):
    """One attempt's kernel."""

    actions: ClassVar[Mapping[str, Action]] = {"GET": Action.RUNNER_ATTEND}

    async def put(self, attempt_id: str) -> None:
        """Start or join it."""
        self.answer(self.kernels.ensure(attempt_id, self.body(KernelSpec)))

    async def get(self, attempt_id: str) -> None:
        """Tell how it is."""
        self.answer(self.kernels.status(attempt_id))

    async def delete(self, attempt_id: str) -> None:
        """End it."""
        self.kernels.kill(attempt_id)
        self.set_status(204)


class RunsHandler(RunnerHandler):
    """Starts cells."""

    async def post(self, attempt_id: str) -> None:
        """Execute a cell, once per run id."""
        self.kernels.start_run(attempt_id, self.body(RunRequest))
        self.set_status(202)
        self.finish({})


class EventsHandler(RunnerHandler):
    """Streams the events of one run, a JSON object a line; a blank line is a heartbeat."""

    async def get(self, attempt_id: str, run_id: str) -> None:
        """Send stored events, then live ones until the run has finished."""
        run = self.kernels.run(attempt_id, run_id)
        after = self.get_query_argument("after", "0")
        if not after.isascii() or not after.isdigit():
            raise _RefusedError(422, "after: a number is needed")
        self.set_header("Content-Type", "application/x-ndjson")
        try:
            async for event in run.log.follow(int(after)):
                self.write("\n" if event is None else event.model_dump_json() + "\n")
                await self.flush()
        except StreamClosedError:
            return


class AcknowledgementHandler(RunnerHandler):
    """Lets events be forgotten."""

    async def post(self, attempt_id: str, run_id: str) -> None:
        """Forget events that are stored elsewhere."""
        through = self.body(Acknowledgement).through
        self.kernels.run(attempt_id, run_id).log.acknowledge(through)
        self.set_status(204)


class StopHandler(RunnerHandler):
    """Stops what runs."""

    action = Action.RUNNER_ATTEND

    async def post(self, attempt_id: str) -> None:
        """Interrupt the running cell, if there is one."""
        run = self.kernels.get(attempt_id).run
        if run is not None:
            run.stop()
        self.set_status(202)
        self.finish({})


class RestartHandler(RunnerHandler):
    """Restarts a kernel."""

    action = Action.RUNNER_ATTEND

    async def post(self, attempt_id: str) -> None:
        """Replace the kernel by a new one."""
        self.answer(self.kernels.restart(attempt_id))


class ChangesHandler(RunnerHandler):
    """Tells which kernels ended without being asked about."""

    async def get(self) -> None:
        """Return the changes after a number, as soon as there is one, or none after a while."""
        after = self.get_query_argument("after", "0")
        if not after.isascii() or not after.isdigit():
            raise _RefusedError(422, "after: a number is needed")
        epoch = self.get_query_argument("epoch", "")
        self.answer(await self.kernels.changes.after(epoch, int(after)))


class CompleteHandler(RunnerHandler):
    """Completes code."""

    action = Action.RUNNER_ATTEND

    async def post(self, attempt_id: str) -> None:
        """Return what could be written at a position."""
        place = self.body(CodePosition)
        content = {"code": place.code, "cursor_pos": place.cursor}
        kernel = self.kernels.get(attempt_id)
        reply = await kernel.ask("complete_request", content, ATTEND_SECONDS)
        self.answer(read_completion(reply))


class InspectHandler(RunnerHandler):
    """Describes names."""

    action = Action.RUNNER_ATTEND

    async def post(self, attempt_id: str) -> None:
        """Return what the kernel knows about the name at a position."""
        place = self.body(CodePosition)
        content = {"code": place.code, "cursor_pos": place.cursor, "detail_level": 0}
        kernel = self.kernels.get(attempt_id)
        reply = await kernel.ask("inspect_request", content, ATTEND_SECONDS)
        self.answer(read_inspection(reply))


class VariablesHandler(RunnerHandler):
    """Lists the namespace."""

    action = Action.RUNNER_ATTEND

    async def get(self, attempt_id: str) -> None:
        """Return the newest variables."""
        kernel = self.kernels.get(attempt_id)
        self.answer(read_variables(await kernel.variables(ATTEND_SECONDS)))


class ReplaysHandler(RunnerHandler):
    """Replays notebooks."""

    async def post(self) -> None:
        """Replay cells, ask questions, and answer when all of it is done."""
        self.answer(await self.replays.replay(self.body(ReplayRequest)))


class HealthHandler(RunnerHandler):
    """Says that the runner is there."""

    action = Action.RUNNER_HEALTH

    async def get(self) -> None:
        """Answer."""
        self.finish({"ok": True})


class UnknownHandler(RunnerHandler):
    """Everything else."""

    action = Action.RUNNER_HEALTH

    def prepare(self) -> None:
        """Answer that there is nothing, whatever the method."""
        super().prepare()
        raise HTTPError(404)


def routes(kernels: Kernels, replays: Replays) -> list[tuple[str, type[RunnerHandler], Any]]:
    """Return every route of the runner's API."""
    parts = {"kernels": kernels, "replays": replays}
    kernel = rf"/casebook/kernels/{_IDENTIFIER}"
    run = rf"{kernel}/runs/{_IDENTIFIER}"
    return [
        (kernel, KernelHandler, parts),
        (rf"{kernel}/runs", RunsHandler, parts),
        (rf"{run}/events", EventsHandler, parts),
        (rf"{run}/ack", AcknowledgementHandler, parts),
        (rf"{kernel}/stop", StopHandler, parts),
        (rf"{kernel}/restart", RestartHandler, parts),
        (rf"{kernel}/complete", CompleteHandler, parts),
        (rf"{kernel}/inspect", InspectHandler, parts),
        (rf"{kernel}/variables", VariablesHandler, parts),
        (r"/casebook/changes", ChangesHandler, parts),
        (r"/casebook/replays", ReplaysHandler, parts),
        (r"/casebook/health", HealthHandler, parts),
        (r"/casebook/.*", UnknownHandler, parts),
    ]
