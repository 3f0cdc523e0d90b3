from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from notebooks.environments.build import lock_requirements
from notebooks.environments.errors import EnvironmentBuildError
from notebooks.environments.requirements import parse_requirements
from notebooks.environments.uv_calls import uv_environment
from notebooks.environments.uv_errors import explain
from tests.notebooks.environments.wheels import wheel


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder by HTTP on loopback."""
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        pass


def test_uv_is_given_the_operators_index_and_none_of_our_secrets() -> None:
    index = {
        "UV_DEFAULT_INDEX": "https://packages.example.org/simple",
        "UV_INDEX_OWN_USERNAME": "casebook",
        "UV_INDEX_OWN_PASSWORD": "for the index",
        "UV_CACHE_DIR": "/srv/cache",
        "SSL_CERT_FILE": "/etc/own.pem",
        "HOME": "/root",
    }
    ours = {
        "DATABASE_URL": "postgresql://secret",
        "CASEBOOK_STATE_DIR": "/srv/casebook",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "VAULT_TOKEN": "secret",
        "UV_CONFIG_FILE": "/tmp/uv.toml",
        "UV_NO_BINARY": "1",
        "UV_OVERRIDE": "/tmp/other.txt",
        "VIRTUAL_ENV": "/srv/venv",
        "PYTHONPATH": "/srv",
        "PATH": "/srv/bin",
    }
    passed = uv_environment({**index, **ours})
    assert passed == {**index, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def test_pips_index_counts_where_uv_is_told_none() -> None:
    pip = {"PIP_INDEX_URL": "https://one.example", "PIP_EXTRA_INDEX_URL": "https://two.example"}
    passed = uv_environment(pip)
    assert passed["UV_INDEX_URL"] == "https://one.example"
    assert passed["UV_EXTRA_INDEX_URL"] == "https://two.example"
    assert "UV_INDEX_URL" not in uv_environment({**pip, "UV_DEFAULT_INDEX": "https://own.example"})


async def test_a_configuration_in_the_working_folder_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = "no-index = true\n"
    (tmp_path / "uv.toml").write_text(bad)
    (tmp_path / "pyproject.toml").write_text(f"[tool.uv]\n{bad}")
    monkeypatch.chdir(tmp_path)
    lock = await lock_requirements("six==1.17.0", log=lambda _line: None)
    assert "six==1.17.0" in lock.text


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"])
async def test_an_index_that_the_operator_sets_is_the_one_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name, version in (("ipykernel", "7.4.0"), ("casebook_only_here", "1.0")):
        folder = tmp_path / name.replace("_", "-")
        made = wheel(folder, name, version=version)
        (folder / "index.html").write_text(f"<a href='{made.name}'>{made.name}</a>")
    with served(tmp_path) as url:
        monkeypatch.setenv(variable, url)
        lock = await lock_requirements("casebook-only-here", log=lambda _line: None)
        assert lock.packages == 2
        with pytest.raises(EnvironmentBuildError):
            await lock_requirements("six", log=lambda _line: None)


async def test_an_index_that_cannot_be_reached_is_nobodys_line_and_its_login_nobodys_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    log: list[str] = []
    with pytest.raises(EnvironmentBuildError) as caught:
        await lock_requirements("six", log=log.append)
    [fault] = caught.value.faults
    assert fault.number is None
    assert fault.message.startswith("the package index could not be read; try again later.")
    assert "secret" not in "".join((*log, str(caught.value)))


def test_the_line_that_a_message_names_first_is_to_blame() -> None:
    lines = parse_requirements("six\n# tables\nPandas<1\nnumpy>2")
    fault = explain(
        "error: x\n  cause: Because pandas<1 needs numpy<2 and so on.\nhint: six", lines
    )
    assert (fault.number, fault.line) == (3, "Pandas<1")
    assert fault.message == "Because pandas<1 needs numpy<2 and so on."
    assert explain("", lines).message == "uv failed and said nothing."
