import io
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebooks.cases import archive, files
from notebooks.cases.archive import Bounds, extract, safe_name
from notebooks.cases.problems import ProblemLog, Problems
from notebooks.cases.reader import read_case
from tests.notebooks.cases.builder import FILES, zipped

BOUNDS = Bounds(files=100, total_bytes=1_000_000)
NASTY = st.lists(
    st.sampled_from(["..", ".", "", "a", "data", "C:", "\\", "/", "x.csv", "\0", "~", " ", "é"]),
    max_size=6,
).map("/".join)


@given(st.one_of(NASTY, st.text(max_size=20)))
def test_a_safe_name_stays_below_its_folder(name: str) -> None:
    safe = safe_name(name)
    if safe is not None:
        root = Path("/srv/case")
        assert (root / safe).resolve().is_relative_to(root)
        assert (root / safe).resolve() != root
        assert "\\" not in safe


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(NASTY, st.just("case.yaml")), max_size=5, unique=True))
def test_unpacking_any_zip_writes_nothing_outside(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = Path(folder)
        target = outside / "in" / "side"
        target.mkdir(parents=True)
        packed = outside / "a.zip"
        with zipfile.ZipFile(packed, "w") as made:
            for name in names:
                if name:
                    made.writestr(zipfile.ZipInfo(name), "x")
        found = extract(packed, target, ProblemLog(), bounds=BOUNDS)
        assert all(path.is_relative_to(target) for path in found.values())
        written = {path for path in outside.rglob("*") if path.is_file()}
        assert written == {packed, *found.values()}


def problems(path: Path) -> str:
    found = read_case(path)
    assert isinstance(found, Problems)
    return str(found)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "data/../../x", "data\\x", "C:/x", "a\nb", "data/" * 20 + "x"]
)
def test_an_unsafe_path_is_named(tmp_path: Path, name: str) -> None:
    assert "unsafe path" in problems(zipped(tmp_path / "a.zip", {**FILES, name: "x"}))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as packed:
        link = zipfile.ZipInfo("data/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    assert "a link: data/link" in problems(path)


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", 50 * 1024 * 1024)
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("data/zeros", "w", force_zip64=True) as written,
    ):
        for _ in range(60):
            written.write(bytes(1024 * 1024))
    assert path.stat().st_size < 1024 * 1024
    assert "unpacks to more than 50 MiB" in problems(path)


def test_an_entry_that_lies_about_its_size_unpacks_no_further(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {**FILES, "data/zeros": b"0" * 100_000})
    raw = path.read_bytes()
    path.write_bytes(raw.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert "cannot be read" in problems(path)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    many = {f"data/{n}": "" for n in range(2001)}
    assert "more than 2000 files" in problems(zipped(tmp_path / "a.zip", {**FILES, **many}))


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as packed:
        packed.writestr("case.yaml", "title: other")
    assert "holds case.yaml twice" in problems(path)


def test_what_is_no_zip_or_is_cut_off_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"not a zip")
    assert "cannot be read" in problems(path)
    whole = zipped(tmp_path / "b.zip").read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + bytes(200) + whole[len(whole) // 2 + 200 :])
    assert isinstance(read_case(path), Problems)


def test_packing_depends_on_names_and_bytes_alone(tmp_path: Path) -> None:
    packed = {}
    for name in ("b", "a"):
        packed[name] = tmp_path / name
        packed[name].write_text(name)
    first, second = io.BytesIO(), io.BytesIO()
    archive.pack(packed, first)
    packed["a"].touch()
    archive.pack(dict(reversed(packed.items())), second)
    assert first.getvalue() == second.getvalue()
    digest = archive.content_hash(packed)
    packed["a"].write_text("b")
    assert archive.content_hash(packed) != digest
