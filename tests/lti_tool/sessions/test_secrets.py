import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lti_tool.sessions.secrets import session_secret


def test_racing_processes_agree_on_one_secret_that_only_we_can_read(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: session_secret(keys), range(8)))
    assert len(secrets) == 1
    assert [path.name for path in keys.iterdir()] == ["session-secret"]
    assert stat.S_IMODE((keys / "session-secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
