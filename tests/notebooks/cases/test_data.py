import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.settings import Settings
from notebooks.cases.data import place_data
from notebooks.cases.problems import Problem, Problems
from notebooks.cases.reader import CaseContent, read_case
from notebooks.errors import CaseError
from tests.notebooks.cases.builder import FILES, PROFILE, folder
from tests.notebooks.downloads.server import Server, serving

WINE = b"alcohol;colour\n13.2;5.1\n"
SHA = hashlib.sha256(WINE).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def local(settings: Settings) -> Settings:
    """Settings that let data be fetched from loopback."""
    return settings.model_copy(update={"data_private_addresses": True})


def quiet(_line: str) -> None:
    pass


def entry(url: str, file: str = "wine.csv", sha256: str = SHA) -> str:
    return f"  - {{file: {file}, url: {url!r}, sha256: '{sha256}'}}\n"


def case(at: Path, *entries: str, **without: None) -> CaseContent:
    data = f"data:\n{''.join(entries)}" if entries else ""
    changes: dict[str, str | None] = {"case_yaml": PROFILE + data, **without}
    content = read_case(folder(at, FILES, **changes))
    assert isinstance(content, CaseContent), content
    return content


def problems(content: CaseContent, settings: Settings) -> tuple[Problem, ...]:
    with pytest.raises(CaseError) as caught:
        place_data(content, settings=settings, log=quiet)
    if settings.data_dir.exists():
        assert list(settings.data_dir.iterdir()) == []
    return caught.value.problems


def test_data_appears_once_read_only_and_shared(tmp_path: Path, settings: Settings) -> None:
    content = case(tmp_path / "case")
    other = read_case(
        folder(tmp_path / "other", case_yaml=PROFILE.replace("points: 2", "points: 3"))
    )
    assert isinstance(other, CaseContent)
    with ThreadPoolExecutor(4) as pool:
        placed = pool.map(
            lambda one: place_data(one, settings=settings, log=quiet), [content, other] * 2
        )
        [name] = set(placed)
    assert name is not None
    root = settings.data_dir
    assert [path.name for path in root.iterdir()] == [name]
    assert (root / name / "rows.csv").read_text() == "1\n2\n"
    for path in (root / name, *(root / name).rglob("*")):
        assert path.stat().st_mode & 0o222 == 0
        assert path.stat().st_mode & 0o444 == 0o444


def test_a_case_without_data_has_no_folder(tmp_path: Path, settings: Settings) -> None:
    content = case(tmp_path, data__rows_csv=None, data__more__x_txt=None)
    assert place_data(content, settings=settings, log=quiet) is None


def test_what_a_case_names_by_address_lies_beside_what_comes_with_it(
    tmp_path: Path, local: Settings, server: Server
) -> None:
    lines: list[str] = []
    url = server.file("/files/wine.csv", WINE)
    content = case(tmp_path, entry(url), entry(url, "deep/er/again.csv", SHA.upper()))
    name = place_data(content, settings=local, log=lines.append)
    assert name is not None
    placed = local.data_dir / name
    assert (placed / "wine.csv").read_bytes() == WINE
    assert (placed / "deep" / "er" / "again.csv").read_bytes() == WINE
    assert (placed / "rows.csv").read_text() == "1\n2\n"
    assert (placed / "wine.csv").stat().st_mode & 0o777 == 0o444
    assert server.seen["/files/wine.csv"] == 1
    assert lines == ["Fetching data/wine.csv.", "Fetching data/deep/er/again.csv."]


def test_a_fetched_file_is_stored_once_however_many_cases_use_it(
    tmp_path: Path, local: Settings, server: Server
) -> None:
    url = server.file("/wine.csv", WINE)
    names = [
        place_data(case(tmp_path / at, entry(url, file)), settings=local, log=quiet)
        for at, file in (("one", "a.csv"), ("two", "b.csv"))
    ]
    assert names[0] != names[1]
    inodes = {
        (local.data_dir / str(name) / file).stat().st_ino
        for name, file in zip(names, ("a.csv", "b.csv"), strict=True)
    }
    assert inodes == {(local.downloads_dir / SHA).stat().st_ino}
    assert server.seen["/wine.csv"] == 1


def test_the_same_data_is_the_same_folder_whether_fetched_or_not(
    tmp_path: Path, local: Settings, server: Server
) -> None:
    url = server.file("/rows.csv", b"1\n2\n")
    sha256 = hashlib.sha256(b"1\n2\n").hexdigest()
    bundled = case(tmp_path / "bundled")
    fetched = case(tmp_path / "fetched", entry(url, "rows.csv", sha256), data__rows_csv=None)
    assert place_data(bundled, settings=local, log=quiet) == place_data(
        fetched, settings=local, log=quiet
    )


def test_every_entry_that_cannot_be_fetched_is_named_with_its_line(
    tmp_path: Path, local: Settings, server: Server
) -> None:
    good = server.file("/wine.csv", WINE)
    changed = server.file("/changed.csv", WINE + b"!")
    server.routes["/gone.csv"] = lambda handler: handler.answer(404)
    first = PROFILE.count("\n") + 2
    found = problems(
        case(
            tmp_path,
            entry(f"{server.url}/gone.csv", "gone.csv", "0" * 64),
            entry(good),
            entry(changed, "changed.csv", "1" * 64),
        ),
        local,
    )
    assert [(one.file, one.line) for one in found] == [
        ("case.yaml", first),
        ("case.yaml", first + 2),
    ]
    assert found[0].message.startswith("`data/gone.csv` cannot be fetched from http://127.0.0.1:")
    assert "answers 404" in found[0].message
    assert hashlib.sha256(WINE + b"!").hexdigest() in found[1].message


def test_this_host_is_out_of_bounds_unless_the_operator_says_otherwise(
    tmp_path: Path, settings: Settings, server: Server
) -> None:
    [problem] = problems(case(tmp_path, entry(server.file("/wine.csv", WINE))), settings)
    assert "no public address" in problem.message
    assert server.seen.total() == 0


def test_all_data_of_a_case_share_one_bound(
    tmp_path: Path, local: Settings, server: Server
) -> None:
    url = server.file("/wine.csv", WINE)
    entries = entry(url), entry(url, "again.csv")
    content = case(tmp_path / "case", *entries)
    exact = sum(path.stat().st_size for path in content.data.values()) + 2 * len(WINE)
    tight = local.model_copy(update={"data_bytes": exact - 1})
    [problem] = problems(content, tight)
    assert problem.message.startswith("`data/again.csv`")
    assert "larger than" in problem.message
    [problem] = problems(case(tmp_path / "bare"), local.model_copy(update={"data_bytes": 3}))
    assert (problem.file, problem.line) == ("data/", None)
    enough = local.model_copy(update={"data_bytes": exact})
    assert place_data(content, settings=enough, log=quiet) is not None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (entry("https://example.org/x", "../x"), "no plain path below data/"),
        (entry("https://example.org/x", "/x"), "no plain path below data/"),
        (entry("https://example.org/x", "a//b"), "no plain path below data/"),
        (entry("https://example.org/x", ".hidden"), "no plain path below data/"),
        (entry("https://example.org/x", "data/x"), "leave `data/` out"),
        (entry("https://example.org/x", "rows.csv"), "a second file data/rows.csv"),
        (entry("https://example.org/x", "more"), "cannot both be there"),
        (entry("https://example.org/x", "rows.csv/x"), "cannot both be there"),
        (entry("ftp://example.org/x"), "https://"),
        (entry("https://user:x@example.org/x"), "a login"),
        (entry("https://example.org/x", sha256="abc"), "`data[1].sha256`"),
        ("  - {file: x, url: 'https://example.org/x'}\n", "`data[1].sha256` is missing"),
        ("  - {file: x, sha256: '', url: x, size: 3}\n", "`data[1].size` is not known"),
        ("  - x.csv\n", "data[1]"),
        (entry("https://example.org/x") * 101, "`data`"),
    ],
)
def test_an_entry_that_makes_no_sense_is_a_problem_with_its_line(
    tmp_path: Path, wrong: str, why: str
) -> None:
    found = read_case(folder(tmp_path, case_yaml=f"{PROFILE}data:\n{wrong}"))
    assert isinstance(found, Problems)
    first = PROFILE.count("\n") + 1
    assert any(why in one.message for one in found.items), found
    assert {one.line for one in found.items} <= {first, first + 1}
