import re
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from notebooks.environments.errors import EnvironmentBuildError, Fault
from notebooks.environments.requirements import (
    MAX_LINE,
    MAX_LINES,
    MAX_TEXT,
    identity_of,
    parse_requirements,
)

SHA = "sha256:" + "ab" * 32

REFUSED = [
    ("--extra-index-url https://example.org/simple", "whoever runs Casebook"),
    ("--extra-index-url=https://example.org/simple", "whoever runs Casebook"),
    ("-i https://example.org/simple", "whoever runs Casebook"),
    ("--index-url https://example.org/simple", "whoever runs Casebook"),
    ("--find-links /srv", "whoever runs Casebook"),
    ("--trusted-host example.org", "whoever runs Casebook"),
    ("-r other.txt", "write its lines here"),
    ("-c limits.txt", "write its lines here"),
    ("-e .", "released package"),
    ("-rother.txt", "options are not allowed"),
    ("--pre", "options are not allowed"),
    ("-", "options are not allowed"),
    ("--hash=" + SHA, "options are not allowed"),
    ("./package.whl", "files, folders"),
    ("../package", "files, folders"),
    ("/srv/package.whl", "files, folders"),
    ("wheels/package.whl", "files, folders"),
    ("C:\\package.whl", "files, folders"),
    ("~/package.whl", "files, folders"),
    (".", "files, folders"),
    ("file:///etc/passwd", "files, folders"),
    ("git+https://example.org/thing", "files, folders"),
    ("git+ssh://git@example.org/thing", "files, folders"),
    ("https://example.org/thing.whl", "files, folders"),
    ("thing @ file:///srv/thing.whl", "files, addresses"),
    ("thing @ git+https://example.org/thing", "files, addresses"),
    ("thing@https://example.org/thing.whl", "files, addresses"),
    ("not a name", "not a package name"),
    ("numpy 1.2", "not a package name"),
    ("numpy=1.2", "not a package name"),
    ("numpy==", "not a package name"),
    ("numpy; python_version", "not a package name"),
    ("numpy===1.0", "write `==`"),
    ("numpy===${HOME}", "write `==`"),
    ('numpy; platform_version == "${HOME}"', "its marker holds"),
    ("numpy --config-settings=x=y", "not a package name"),
    ("numpy --hash=md5:00", "a hash is written"),
    ("numpy\0", "control character"),
    ("nu\x1bmpy", "control character"),
    ("numpy\u2028-r x", "control character"),
    ("numpy\x0b-r x", "control character"),
    ("\N{FULLWIDTH LATIN SMALL LETTER N}umpy", "plain ASCII"),
    ("nump\N{CYRILLIC SMALL LETTER U}", "plain ASCII"),
]  # fmt: skip


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(EnvironmentBuildError) as caught:
        parse_requirements(text)
    return caught.value.faults


@pytest.mark.parametrize(("line", "why"), REFUSED)
def test_a_line_that_is_no_plain_requirement_is_refused_with_its_number(
    line: str, why: str
) -> None:
    [fault] = faults(f"six\n# a comment\n{line}\nnumpy\n")
    assert fault.number == 3
    assert fault.line is not None
    assert fault.line.isprintable()
    assert len(fault.line) == len(line)
    assert why in fault.message
    assert str(fault).startswith("requirements.txt, line 3, “")


def test_every_faulty_line_is_named_at_once() -> None:
    found = faults("-r a\nsix\n./b\n")
    assert [(fault.number, fault.line) for fault in found] == [(1, "-r a"), (3, "./b")]


def test_a_long_line_is_repeated_in_part() -> None:
    [fault] = faults("./" + "x" * 5000)
    assert fault.line is not None
    assert len(fault.line) == 120


def test_too_many_too_long_or_too_much_is_refused() -> None:
    assert f"more than {MAX_LINES} requirements" in faults("six\n" * (MAX_LINES + 1))[-1].message
    assert faults("six\n" * (MAX_LINES + 1))[-1].number == MAX_LINES + 1
    [long] = faults("six\n" + f"six=={'1' * MAX_LINE}")
    assert (long.number, long.message) == (
        2,
        f"more than {MAX_LINE} characters in one requirement.",
    )
    [huge] = faults("#" * (MAX_TEXT + 1))
    assert huge.message.startswith(f"more than {MAX_TEXT} characters")


def test_comments_blank_lines_continuations_and_a_mark_of_byte_order_say_nothing() -> None:
    text = "\ufeff# packages\r\n\r\n  numpy >= 2 , \\\n  < 3  # fast\n\r\npandas\\\n"
    lines = parse_requirements(text)
    assert [(line.number, line.normal) for line in lines] == [(3, "numpy<3,>=2"), (6, "pandas")]


def test_a_fault_in_a_continued_line_is_where_the_line_begins() -> None:
    assert [fault.number for fault in faults("six\nnumpy \\\n  -r x\nsix")] == [2]


def test_extras_and_markers_are_kept_in_one_normal_form() -> None:
    [line] = parse_requirements("Rich_Click[Docs, b.c] ~=1.8;python_version<'4' and extra!='x'")
    assert line.normal == ('rich-click[b-c,docs]~=1.8 ; python_version < "4" and extra != "x"')


def test_hashes_are_taken_from_the_line_and_kept() -> None:
    [line] = parse_requirements(
        f"six==1.17.0 \\\n    --hash={SHA} \\\n    --hash=sha512:{'0' * 128}"
    )
    assert (line.text, line.normal) == ("six==1.17.0", "six==1.17.0")
    assert line.hashes == {SHA, "sha512:" + "0" * 128}


def test_order_comments_and_spelling_do_not_count() -> None:
    first = parse_requirements("numpy\nPandas>=2,<3\n")
    second = parse_requirements("# both\npandas <3, >=2  # tables\n\nNumPy\nnumpy")
    assert identity_of(first) == identity_of(second)
    assert identity_of(first) != identity_of(parse_requirements("numpy\npandas<3,>=2.1"))
    assert identity_of(first) != identity_of(
        parse_requirements(f"numpy --hash={SHA}\npandas<3,>=2")
    )


PIECES = st.sampled_from(
    ["six", "numpy", "==1.0", ">=2", "[a,b]", ";", "python_version<'4'", "os_name=='${X}'", "\n",
     "\r\n", "\r", "\\\n", "#", " ", "\t", "-r", "-e", "--index-url", "--hash=" + SHA, "@", "://",
     "git+", "file:", "../", "/", "\\", "$", "{X}", "\0", "\ufeff", "\u2028", "'", '"', "é", "===",
     "x.tar.gz"]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))


@given(TEXTS)
@example("six; os_name == 'a\"b'")
@example('six; os_name == "a\'b"')
def test_whatever_is_written_uv_is_given_names_and_versions_or_the_author_a_line(
    text: str,
) -> None:
    physical = len(re.split(r"\r\n|\r|\n", text))
    try:
        lines = parse_requirements(text)
    except EnvironmentBuildError:
        for fault in faults(text):
            assert fault.number is not None
            assert 1 <= fault.number <= physical
            assert fault.line is None or fault.line.isprintable()
        return
    assert [line.number for line in lines] == sorted({line.number for line in lines})
    for line in lines:
        assert line.normal.isascii()
        assert line.normal.isprintable()
        assert re.match(r"[a-z0-9]", line.normal)
        assert "$" not in line.normal
        assert "://" not in line.normal.partition(" ; ")[0]
        again = Requirement(line.normal)
        assert again.url is None
        assert again.name == line.name
    again_lines = parse_requirements("\n".join(line.normal for line in reversed(lines)))
    unhashed = {line.normal for line in lines}
    assert {line.normal for line in again_lines} == unhashed


def test_a_marker_too_deep_for_a_parser_is_a_fault_and_no_crash() -> None:
    deep = "(" * sys.getrecursionlimit()
    [fault] = faults(f"six; {deep}os_name=='x'")
    assert (fault.number, fault.message) == (1, "more than 20 brackets; write a simpler marker.")
    parse_requirements(f"six; {'(' * 20}os_name=='x'{')' * 20}")
