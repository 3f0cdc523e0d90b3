"""What two students see of one case's data: the same bytes in memory, and no way to change them."""

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest

from config.settings import Settings
from notebooks.cases.data import place_data
from notebooks.cases.reader import CaseContent, read_case
from notebooks.kernels.records import AskValue, KernelSpec, Question, ReplayRequest
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.kernels.values import Value
from tests.notebooks.cases.builder import PROFILE, folder
from tests.notebooks.downloads.server import serving
from tests.sandboxes import environment, launcher, sandbox_settings

__all__ = ["environment", "launcher", "sandbox_settings"]

pytestmark = pytest.mark.sandbox

WINE = b"alcohol;colour\n13.2;5.1\n"
IDENTITY = "[str(part) for part in __import__('os').stat('data/wine.csv')[1:3]]"
TRIES = (
    "open('data/wine.csv', 'a')",
    "open('data/new.csv', 'w')",
    "__import__('os').remove('data/wine.csv')",
    "__import__('os').chmod('data/wine.csv', 0o777)",
    "__import__('os').rename('data', 'other')",
    "__import__('os').link('data/wine.csv', 'own.csv')",
)


async def ask(
    launcher: BwrapLauncher, spec: KernelSpec, *expressions: str, servers: int
) -> list[tuple[Value | None, str | None]]:
    """Return the value or the error of each expression in a sandbox of its own."""
    questions = tuple(
        Question(id=str(number), ask=AskValue(expression=text))
        for number, text in enumerate(expressions)
    )
    request = ReplayRequest(replay_id=uuid4().hex, spec=spec, cells=(), questions=questions)
    replayer = SandboxReplayer(launcher, servers=servers)
    try:
        result = await replayer.replay(request)
    finally:
        await replayer.close()
    assert len(result.answers) == len(expressions), result
    return [(one.value, one.failure.name if one.failure else None) for one in result.answers]


@pytest.mark.parametrize("servers", [0, 1], ids=["fresh", "forked"])
async def test_the_data_of_a_case_are_one_file_for_all_and_nobodys_to_change(
    tmp_path: Path,
    sandbox_settings: Settings,
    launcher: BwrapLauncher,
    environment: str,
    servers: int,
) -> None:
    settings = sandbox_settings.model_copy(update={"data_private_addresses": True})
    with serving() as server:
        sha256 = hashlib.sha256(WINE).hexdigest()
        url = server.file("/wine.csv", WINE)
        entry = f"data:\n  - {{file: wine.csv, url: '{url}', sha256: '{sha256}'}}\n"
        content = read_case(folder(tmp_path / "case", case_yaml=PROFILE + entry))
        assert isinstance(content, CaseContent)
        name = place_data(content, settings=settings, log=lambda _line: None)
    spec = KernelSpec(environment=environment, data=name)
    one = await ask(launcher, spec, IDENTITY, "open('data/wine.csv').read()", servers=servers)
    other = await ask(
        launcher, spec, *TRIES, IDENTITY, "open('data/wine.csv').read()", servers=servers
    )
    assert {error for _, error in other[: len(TRIES)]} <= {"OSError", "PermissionError"}
    assert one == other[len(TRIES) :]
    found = (settings.data_dir / str(name) / "wine.csv").stat()
    assert f"'{found.st_ino}'" in repr(one[0][0])
    assert f"'{found.st_dev}'" in repr(one[0][0])
    assert "13.2" in repr(one[1][0])
