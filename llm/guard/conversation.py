"""The guard of one conversation: sentence by sentence, and what they add up to."""

import re
from dataclasses import dataclass, field

from llm.guard import disguises
from llm.guard.secret import GRAM, RENAMED_GRAM, Secret
from llm.guard.tokens import RESERVED, alpha, grams, tokens
from llm.guard.words import COMMON, DIRECTIVE, SAID

_SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_FENCE = re.compile(r"^(```|~~~)[^\n]*\n(.*?)(?:^\1|\Z)", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(
    r"\b(?:lines?|cells?|rows?|steps?|question|page|строк\w*|ячейк\w*|шаг\w*|вопрос\w*|стр\.)"
    r"\s*(?:№\s*)?\d+(?:\s*(?:[-\u2013,]|and|и|to|до)\s*\d+)*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?(?!\w)")
_WORD = re.compile(r"[^\W\d]\w*")
_ADDRESS = re.compile(r"https?://\S+")
_CODE_TOKENS = 12
"""New tokens that one code span may have: more of them is code that a student should write."""
_ADDED_UP = 3
"""Different things hinted at without a word of advice, from which a conversation tells too much."""
_KEPT = 400
_NEAR = 120
"""Characters of what was said before that a sentence may continue."""
_SHORT = 3
_MARKS = frozenset("#")
_SQUEEZED = 5
_QUOTES = "'\" "
_LOOKING = frozenset(
    {"print", "head", "tail", "shape", "dtypes", "dtype", "info", "describe", "type"}
    | {"columns", "display", "repr"}
)
"""What everybody uses to look at data."""


@dataclass(slots=True)
class Guard:
    """Judges what a mentor is about to say to one student, knowing what was said before.

    `leak` changes nothing; `say` takes note of what was said.
    """

    secret: Secret
    _weak: set[str] = field(default_factory=set)
    _tail: str = ""
    _spans: str = ""
    _initials: str = ""
    _letters: str = ""

    def leak(self, text: str) -> str | None:
        """Return why a piece of text (a sentence or a whole block) tells too much, or None."""
        if not self.secret.atoms and not self.secret.grams:
            return None
        shown = disguises.plain(text)
        return (
            self._open(shown)
            or self._hidden(shown, text)
            or self._across(shown)
            or self._summed(shown)
        )

    def say(self, text: str) -> None:
        """Take note that a piece of text was said."""
        shown = disguises.plain(text)
        self._weak |= self._hints(shown)
        self._tail = (self._tail + " " + shown)[-_KEPT:]
        self._spans = f"{self._spans} {_spans(shown)}"[-_KEPT:]
        self._initials = (self._initials + _initials(shown))[-_KEPT:]
        self._letters = (self._letters + _lone(shown))[-_KEPT:]

    @property
    def margin(self) -> float:
        """Return how far the conversation is from telling too much: 1 far, 0 at the brink."""
        return max(0.0, 1 - len(self._weak) / _ADDED_UP)

    def _open(self, text: str) -> str | None:
        text = _PLACE.sub(" ", _ADDRESS.sub(" ", text))
        said = _said(text)
        if grams(said, GRAM) & self.secret.grams:
            return "code"
        if grams(alpha(said), RENAMED_GRAM) & self.secret.renamed:
            return "renamed code"
        return self._in_code(text) or self._by_name(text) or self._by_description(text)

    def _in_code(self, text: str) -> str | None:
        secret = self.secret
        for code in _codes(text):
            spoken = _said(code)
            new = [one for one in spoken if one not in secret.known and one not in _LOOKING]
            if tuple(spoken) not in secret.known_lines and len(new) > _CODE_TOKENS:
                return "new code"
            if secret.atoms & (set(spoken) - _LOOKING):
                return "a name or constant"
            if f"'{code.strip(_QUOTES)}'" in secret.atoms:
                return "a constant"
        if any(self._new_lines(block.group(2)) for block in _FENCE.finditer(text)):
            return "a block of new code"
        return None

    def _by_name(self, text: str) -> str | None:
        words = set(_WORD.findall(text))
        lowered = {word.lower() for word in words}
        for atom in self.secret.atoms:
            name = atom.strip("'")
            if _telling(name) and (
                name in words or (len(name) > _SHORT and name.lower() in lowered)
            ):
                return "a name"
            if atom.startswith("'") and len(name) > 1 and _quoted(name, text):
                return "a constant"
            if name.isidentifier() and re.search(rf"(?:\.|\b){re.escape(name)}\s?\(", text):
                return "a call"
        return None

    def _by_description(self, text: str) -> str | None:
        advice = self._advises(text)
        numbers = {one.replace(",", ".") for one in _NUMBER.findall(_SPAN.sub(" ", text))}
        if any(len(number) > 1 or advice for number in numbers & self.secret.atoms):
            return "a constant"
        hints = self._hints(text)
        # A statement that speaks of it tells it, advice or not; a question may only ask.
        stated = "?" not in text and any(not atom.isdigit() for atom in hints)
        if hints and (advice or stated or self._pair(text)):
            return "a described edit"
        return None

    def _advises(self, text: str) -> bool:
        """Tell whether a text says what to do, as a sentence that begins with a deed does."""
        if DIRECTIVE.search(text):
            return True
        start = text.lstrip(" *_-0123456789.").split(" ", 1)[0]
        return "?" not in text and any(
            pattern.match(start)
            for atom in self.secret.atoms
            if not atom.isdigit() and (pattern := SAID.get(atom.strip("'"))) is not None
        )

    def _pair(self, text: str) -> bool:
        """Tell whether what the student has, and what would be in its place, stand together."""
        return any(_mentions(token, text) for token in self.secret.removed)

    def _hints(self, text: str) -> set[str]:
        """Return the secret atoms that a text speaks of in some way."""
        text = _ADDRESS.sub(" ", _PLACE.sub(" ", text))
        return {
            atom
            for atom in self.secret.atoms
            if _mentions(atom, text) and not self._same_in_known(atom, text)
        }

    def _same_in_known(self, atom: str, text: str) -> bool:
        """Tell whether a word for an atom is as well one for what the student has."""
        pattern = SAID.get(atom)
        if pattern is None:
            return False
        found = {match.group().lower() for match in pattern.finditer(text)}
        known = {one.lower() for one in self.secret.known}
        return bool(found) and found <= known

    def _new_lines(self, block: str) -> bool:
        for line in block.splitlines():
            spoken = tokens(line.split("#")[0])
            if not spoken or tuple(spoken) in self.secret.known_lines:
                continue
            names = {one for one in spoken if one.isidentifier() and one not in RESERVED}
            if names - self.secret.known - _LOOKING or len(spoken) > _CODE_TOKENS:
                return True
        return False

    def _hidden(self, shown: str, text: str) -> str | None:
        for other in disguises.decoded(shown):
            if self._bare_name(other) or self._open(f"use {other}") or self._open(f"`{other}`"):
                return "encoded code"
        spelt = disguises.letters(shown)
        if spelt and (self._bare_name(spelt) or self._open(f"`{spelt}`")):
            return "spelt-out code"
        joined = "".join(letter for letter in text if not letter.isspace()).replace("`", "")
        for other in (*disguises.turned(shown), *disguises.turned(joined)):
            if self._bare_name(other) or grams(_said(other), GRAM) & self.secret.grams:
                return "disguised code"
        squeezed = re.sub(r"[\s`#]", "", shown)
        if any(
            len(run := "".join(gram)) >= _SQUEEZED and run in squeezed for gram in self.secret.grams
        ):
            return "spaced-out code"
        return None

    def _bare_name(self, text: str) -> bool:
        words = set(_WORD.findall(text))
        return any(
            (name := atom.strip("'")) in words and len(name) > _SHORT and name.isidentifier()
            for atom in self.secret.atoms
        )

    def _across(self, shown: str) -> str | None:
        """Look at what comes into being where this text meets the ones before."""
        spans = f"{self._spans} {_spans(shown)}"
        for run in (f"{self._tail[-_NEAR:]} {shown}", spans, spans.replace(" ", "")):
            if grams(_said(run), GRAM) & self.secret.grams:
                return "code in pieces"
        if _spans(shown) and self._pieced(spans.replace(" ", "")):
            return "a name in pieces"
        for run in (self._initials + _initials(shown), self._letters + _lone(shown)):
            if self._pieced(run):
                return "a name by letters"
        return None

    def _pieced(self, run: str) -> bool:
        lowered = run.lower()
        return any(
            len(name := atom.strip("'").lower()) > _SHORT + 1 and name in lowered
            for atom in self.secret.atoms
        )

    def _summed(self, shown: str) -> str | None:
        fresh = self._hints(shown) - self._weak
        if fresh and len(self._weak | fresh) >= _ADDED_UP:
            return "hints that add up"
        return None


def _said(text: str) -> list[str]:
    """Return the tokens of a text, without the marks of Markdown and of comments."""
    return [token for token in tokens(text.replace("`", " ")) if token not in _MARKS]


def _codes(text: str) -> list[str]:
    return [match.group(2).strip() for match in _SPAN.finditer(text)]


def _spans(text: str) -> str:
    return " ".join(_codes(text))


def _initials(text: str) -> str:
    return "".join(line.strip()[:1] for line in re.split(r"(?<=[.!?])\s|\n", text) if line.strip())


def _lone(text: str) -> str:
    return "".join(re.findall(r"(?<![\w'\u2019])['\"«“`]?([^\W\d])['\"»”`]?(?![\w'\u2019])", text))


def _telling(name: str) -> bool:
    return name.isidentifier() and len(name) > 1 and name.lower() not in COMMON


def _quoted(name: str, text: str) -> bool:
    return (
        re.search(rf"['\"«“„\u2018`]{re.escape(name)}['\"»”“\u2019`]", text, re.IGNORECASE)
        is not None
    )


def _mentions(token: str, text: str) -> bool:
    """Tell whether a text speaks of a token: itself, a form of it, or the usual words for it."""
    name = token.strip("'")
    pattern = SAID.get(token) or SAID.get(name)
    if pattern is not None and pattern.search(text):
        return True
    if name.isidentifier() or " " in name:
        return len(name) > 1 and re.search(rf"(?i)\b{re.escape(name)}\b", text) is not None
    if name and not name[0].isalnum():
        return token in tokens(text) and (len(token) > 1 or f"`{token}`" in text)
    return name in _NUMBER.findall(text)
