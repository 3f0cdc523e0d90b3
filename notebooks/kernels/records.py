"""What crosses the runner's API: one record per request, answer and event.

Client and server import the same records, so the two cannot drift apart.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from notebooks.kernels.values import Value

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Attempts, runs and replays are named by their database ids; safe in a path."""


MAX_CHECKPOINTS = 4

ModuleName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,199}$")]


class Record(BaseModel):
    """A frozen message; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Record):
    """What one sandbox may use. The same names hold in every provisioner."""

    memory_bytes: int = 1024 * 1024 * 1024
    cpu_percent: int = 100
    processes: int = 64
    home_bytes: int = 64 * 1024 * 1024
    output_bytes: int = 1024 * 1024
    """Stored output of one run, all kinds together."""
    run_seconds: float = 300
    """Wall time of one cell."""
    cpu_seconds: int = 3600
    """CPU time of the whole sandbox."""


class KernelSpec(Record):
    """Which kernel an attempt needs."""

    environment: Identifier
    """Name of the content-addressed environment folder (its hash)."""
    data: Identifier | None = None
    """Name of the case version's unpacked data folder, mounted read-only at `./data`."""
    imports: tuple[ModuleName, ...] = Field(default=(), max_length=200)
    """Modules that the case's code imports; a kernel or grading server that waits has them ready.
    Nothing depends on it but speed; one that cannot be imported is left out."""
    limits: Limits = Limits()


KernelState = Literal["queued", "starting", "idle", "busy", "asleep", "dead"]
"""`queued`: there is no kernel yet, since the runner is full. `asleep`: it was idle and is gone."""


class KernelStatus(Record):
    """How a kernel is; `reason` says in plain words why it is asleep or dead."""

    state: KernelState
    reason: str | None = None
    run_id: str | None = None
    position: int | None = None
    """Place in the runner's queue, 1 is next; only while `queued`."""
    kernel_id: str | None = None
    """Another one for every process that is started; what earlier ones knew is gone."""


class KernelChange(Record):
    """A kernel of an attempt ended without being asked about; numbers begin at 1, without a gap."""

    number: int
    attempt_id: Identifier
    status: KernelStatus


class KernelChanges(Record):
    """The changes after a number, in order.

    `living` is given instead when they cannot be told apart any more: to a new follower, to one
    who was away for too long, and after a restart of the runner, which begins a new `epoch`.
    """

    epoch: str
    last: int
    """The number after which to ask next."""
    changes: tuple[KernelChange, ...] = ()
    living: tuple[str, ...] | None = None
    """The ids of all kernels that live or start."""


class RunRequest(Record):
    """One cell to execute, named by a run id that web chose; starting it twice starts it once."""

    run_id: Identifier
    source: str = Field(max_length=1_000_000)


class Acknowledgement(Record):
    """Events up to this number are stored elsewhere and may be forgotten."""

    through: int = Field(ge=0)


class CodePosition(Record):
    """A place in a cell that somebody edits, in characters from its beginning."""

    code: str = Field(max_length=1_000_000)
    cursor: int = Field(ge=0)


class Completion(Record):
    """What could stand between `start` and `end`; empty when the kernel is busy or slow."""

    matches: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


class Inspection(Record):
    """What the kernel knows about the name at a position, as plain text; may be empty."""

    text: str = ""


class Variable(Record):
    """One variable of a kernel's namespace: what can be told without running code of its own."""

    name: str
    type: str
    size: str = ""
    """Its length, or its shape; empty where it has none."""
    preview: str = ""
    """How it begins; empty where only code of its own could tell."""


class Variables(Record):
    """The newest variables first; empty when the kernel is busy or slow."""

    variables: tuple[Variable, ...] = ()
    omitted: int = 0
    """How many there are besides."""


RunOutcome = Literal["ok", "error", "stopped", "timeout", "died", "lost"]
"""`lost`: the runner no longer knows the run (it was restarted); it may have executed in part."""


NoteCode = Literal[
    "disk_full",
    "input",
    "interactive",
    "large_picture",
    "memory",
    "more_outputs",
    "module_elsewhere",
    "module_missing",
    "module_part",
    "module_typo",
    "module_wrong_name",
    "network",
    "network_data",
    "no_install",
    "plain_table",
    "read_only",
    "read_only_data",
    "unknown_kind",
    "widget",
    "widget_bar",
]
"""What there is to say about an output; the page's catalogue has the sentence of each."""


class Note(Record):
    """A word about an output, in whichever language the page speaks.

    `params` are names and numbers that stand in the sentence, never sentences themselves.
    """

    code: NoteCode
    params: dict[str, str] = {}


class Output(Record):
    """One output of a cell, as stored and shown.

    `stream`: `name` and `text`. `error`: `ename`, `evalue`, `text` (the traceback, ANSI colours).
    `display` and `result`: `data`, a MIME bundle whose binary kinds are base64.
    """

    kind: Literal["stream", "error", "display", "result"]
    name: Literal["stdout", "stderr"] | None = None
    text: str = ""
    ename: str = ""
    evalue: str = ""
    data: dict[str, str] = {}
    omitted_bytes: int = 0
    """How much was cut from this output because of the limits."""
    note: Note | None = None
    """What an error means here, or what of the output cannot be shown."""


class Started(Record):
    """The kernel began to execute the run."""

    kind: Literal["started"] = "started"


class OutputSet(Record):
    """The output at `index` is now `output`: a new one, or a replaced one."""

    kind: Literal["output"] = "output"
    index: int
    output: Output


class OutputAppended(Record):
    """The text of the stream output at `index` is now `text` from character `start` on.

    A line that was written over begins before the end; what the text said from there on is gone.
    """

    kind: Literal["append"] = "append"
    index: int
    text: str
    start: int | None = Field(default=None, ge=0)
    """None: at the end."""


class OutputsCleared(Record):
    """All outputs so far are gone (`clear_output`)."""

    kind: Literal["clear"] = "clear"


class Finished(Record):
    """The run is over; the last event of every run. `message` is fit for a student."""

    kind: Literal["finished"] = "finished"
    outcome: RunOutcome
    message: str = ""
    execution_count: int | None = None


RunEventBody = Annotated[
    Started | OutputSet | OutputAppended | OutputsCleared | Finished, Field(discriminator="kind")
]


class RunEvent(Record):
    """A numbered event of one run; numbers begin at 1 and have no gap."""

    number: int
    body: RunEventBody


RunEvents = TypeAdapter(list[RunEvent])


class ReplayCell(Record):
    """A code cell to replay; `id` comes back in its result."""

    id: str
    source: str


class AskValue(Record):
    """Evaluate an expression (a name is the simplest) in the replayed namespace."""

    kind: Literal["value"] = "value"
    expression: str


class AskCall(Record):
    """Call a function of the replayed namespace with typed arguments, deep-copied for it."""

    kind: Literal["call"] = "call"
    function: str
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = {}


class AskFigures(Record):
    """Tell what the figures show that some cells drew: a list with a dictionary for each axes."""

    kind: Literal["figures"] = "figures"
    cells: tuple[str, ...] = ()


MAX_FILE_BYTES = 5 * 1024 * 1024
"""As a value, such a file is within the bound of one."""


class AskFile(Record):
    """Tell what a file holds that the cells have written: its bytes."""

    kind: Literal["file"] = "file"
    path: str = Field(min_length=1, max_length=200)
    """From where the notebook runs."""
    max_bytes: int = Field(default=MAX_FILE_BYTES, ge=1, le=MAX_FILE_BYTES)


class AskTest(Record):
    """Execute statements in the replayed namespace; `True` comes back if all of them ran.

    Whoever asks adds a last line with a random word (`proof`), so that the claim has to hold what
    only the end of the code says.
    """

    kind: Literal["test"] = "test"
    source: str = Field(max_length=100_000)


Ask = Annotated[AskValue | AskCall | AskFigures | AskFile | AskTest, Field(discriminator="kind")]


class Question(Record):
    """One question, with the id under which its answer comes back."""

    id: str
    ask: Ask
    after: str | None = None
    """The cell after which it is asked, in a copy of the process; None: after all, in itself."""
    branch: str | None = None
    """Questions of one name here, one after the other, are asked of a copy of their own: they see
    what the earlier ones of them did, and nobody else does."""


class ReplayRequest(Record):
    """Cells to run in order in a fresh sandbox, and questions, sent one by one.

    Questions after the same cell are asked of one copy of the process as that cell left it, so
    that later cells see nothing of them but what they write to files.
    """

    replay_id: Identifier
    spec: KernelSpec
    cells: tuple[ReplayCell, ...]
    questions: tuple[Question, ...] = ()
    wall_seconds: float = 120
    hash_seed: int = Field(default=0, ge=0, le=4294967295)
    """Python's; the order of a set of strings hangs on it."""
    elsewhere: bool = False
    """As on another machine, in a sandbox of its own: several threads, an older processor."""
    checkpoints: tuple[str, ...] = Field(default=(), max_length=MAX_CHECKPOINTS)
    """The cells that end a subtask: from there another replay with the same key may go on."""
    reuse_key: Identifier | None = None
    """Whose replays may share the cells that begin them alike; None shares with nobody."""

    @model_validator(mode="after")
    def _questions_follow_cells(self) -> Self:
        known = {None, *(cell.id for cell in self.cells)}
        unknown = {question.after for question in self.questions} - known
        if unknown:
            raise ValueError(f"questions after cells that are not replayed: {unknown}")
        return self


class CellFailure(Record):
    """The exception that ended a replayed cell, or that a question met."""

    name: str
    bases: tuple[str, ...] = ()
    """The names of the classes that its class derives from, the closest first."""
    message: str
    traceback: str = ""
    line: int | None = None
    """1-based line in the cell, where the traceback names one."""


class CellResult(Record):
    """What one replayed cell did."""

    id: str
    ok: bool
    failure: CellFailure | None = None
    stdout: str = ""


class Answer(Record):
    """The claim that came back for a question: a value, or the exception it raised."""

    question_id: str
    value: Value | None = None
    failure: CellFailure | None = None


ReplayOutcome = Literal["completed", "timeout", "died", "protocol"]
"""`protocol`: the child answered nonsense; whatever came before it still counts as claimed."""


class ReplayResult(Record):
    """Everything a replay claimed. A cell after a failing one is still run, as a student would."""

    outcome: ReplayOutcome
    message: str = ""
    cells: tuple[CellResult, ...] = ()
    answers: tuple[Answer, ...] = ()
    seconds: float = 0.0
    reused_cells: int = 0
    """How many of the cells an earlier replay had run already."""
    note: str = ""
    """What an author should know about how it was done; empty as a rule."""
