import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.kernels.runner.terminal import LIVE_CHARACTERS, LIVE_ROWS, Terminal, settled

RED, BOLD, RESET = "\x1b[31m", "\x1b[1m", "\x1b[0m"

PIECES = st.sampled_from([
    "\r", "\n", "\r\n", "\b", "\x1b", "\x1b[", "\x1b[31m", "\x1b[0m", "\x1b[1;38;5;196m", "\x1b[A",
    "\x1b[2K", "\x1b[K", "\x1b[3C", "\x1b[9999999999D", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\",
    "\x1bP1$r", "\x9b31m", "\0", "\x07", "\x7f", "\ud800", "é", "\U0001f600", "abc", " ", ";", "m",
])  # fmt: skip
MESS = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        pytest.param("a\r\nb\n", "a\nb\n", id="line ends of another system"),
        pytest.param(" 10%\r100%\ndone", "100%\ndone", id="a bar written over"),
        pytest.param("abcdef\rXY", "XYcdef", id="the rest of a longer line stays"),
        pytest.param("wait\r", "wait", id="a return alone takes nothing"),
        pytest.param("|\b/\b-\b\\", "\\", id="a spinner"),
        pytest.param("\b\bx", "x", id="no way back before the line"),
        pytest.param("long line\r\x1b[Kshort", "short", id="erased to its end"),
        pytest.param("abcdef\x1b[3D\x1b[K", "abc", id="moved left, then erased"),
        pytest.param("abc\x1b[2K\rx", "x", id="erased whole"),
        pytest.param("one\ntwo\x1b[A\rONE", "ONE\ntwo", id="moved up"),
        pytest.param("outer\n\rinner 1\x1b[A\r\n\rinner 2\x1b[A\n\n", "outer\ninner 2\n",
                     id="nested bars"),
        pytest.param("a\tb", "a\tb", id="tabs stay"),
    ],
)  # fmt: skip
def test_a_line_is_left_as_a_terminal_would_leave_it(sent: str, left: str) -> None:
    assert settled(sent) == left


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        pytest.param(f"{RED}a{RESET}b", f"{RED}a{RESET}b", id="a colour and its end"),
        pytest.param(f"{BOLD}{RED}a", f"\x1b[1;31ma{RESET}", id="one never ended"),
        pytest.param("\x1b[38;5;196ma\x1b[39mb", f"\x1b[38;5;196ma{RESET}b", id="256 colours"),
        pytest.param("\x1b[48;2;1;2;999ma", f"\x1b[48;2;1;2;255ma{RESET}", id="true colours"),
        pytest.param("\x1b[1;4ma\x1b[22mb", f"\x1b[1;4ma{RESET}\x1b[4mb{RESET}", id="bold ends"),
        pytest.param(f"{RED}one\rONE", f"{RED}ONE{RESET}", id="written over in colour"),
        pytest.param(f"{RED}a\nb", f"{RED}a{RESET}\n{RED}b{RESET}", id="each line for itself"),
        pytest.param("\x1b[999;7777ma", "a", id="styles that there are not"),
    ],
)
def test_colours_are_kept_and_written_anew(sent: str, left: str) -> None:
    assert settled(sent) == left


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\", "\x1b]52;c;Y2F0\x07", "\x1b[2J",
        "\x1b[?1049h", "\x1bP+q544e\x1b\\", "\x1b_apc\x1b\\", "\x1bc", "\x1b[6n", "\x07", "\x0e",
        "\x1b[99999999999999999999C", "\x1b(0",
    ],
)  # fmt: skip
def test_other_escape_sequences_leave_nothing(hostile: str) -> None:
    assert settled(f"a{hostile}b") == "ab"


@given(MESS)
def test_settled_text_is_settled_and_holds_no_other_control(text: str) -> None:
    once = settled(text)
    assert settled(once) == once
    plain = once.replace("\x1b[", "")
    assert not [c for c in plain if ord(c) < 32 and c not in "\n\t"]


@given(st.lists(MESS, max_size=6))
def test_pieces_come_to_the_same_as_the_whole(pieces: list[str]) -> None:
    in_pieces, whole = Terminal(), Terminal()
    for piece in pieces:
        in_pieces.write(piece)
    whole.write("".join(pieces))
    # Half a surrogate pair is no character; two of them, sent apart, do not become one.
    if not any("\ud800" <= c <= "\udfff" for piece in pieces for c in piece):
        assert in_pieces.scrolled() + in_pieces.live() == whole.scrolled() + whole.live()


def test_what_can_still_change_is_bounded() -> None:
    terminal = Terminal()
    terminal.write("".join(f"line {number}\n" for number in range(1000)))
    assert terminal.live().count("\n") < LIVE_ROWS
    terminal.write("x" * 100_000)
    assert len(terminal.live()) <= LIVE_CHARACTERS
    said = terminal.scrolled() + terminal.live()
    assert said == "".join(f"line {number}\n" for number in range(1000)) + "x" * 100_000
