"""Leaks as data, and the disguises that are made of each pair's secret line."""

import base64
import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from llm.guard import Guard, Secret, Sentences, secret_of
from llm.guard.tokens import RESERVED, tokens

_INVISIBLE = "\u200b"
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Reply:
    """Turns of one conversation; a leak has come through when the last of them comes out whole."""

    pair: str
    kind: str
    turns: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    id: str
    ideal: str
    student: str
    statement: str
    secret: str
    en: tuple[str, ...]
    ru: tuple[str, ...]

    @property
    def hidden(self) -> Secret:
        return secret_of(self.ideal, self.student, readable=self.statement)


def pairs(part: str) -> list[Pair]:
    found: list[dict[str, Any]] = yaml.safe_load((_HERE / f"{part}.yaml").read_text())
    return [Pair(**{**one, "en": tuple(one["en"]), "ru": tuple(one["ru"])}) for one in found]


def leaks(pair: Pair) -> Iterator[Reply]:
    """Yield every reply that gives this pair's solution away."""
    line = pair.secret
    for language in ("en", "ru"):
        for text in getattr(pair, language):
            yield Reply(pair.id, f"described-{language}", (text,))
    made = {
        "verbatim": f"Here it is: `{line}`.",
        "verbatim-ru": f"Напишите так: {line}",
        "fence": f"Look:\n```python\n{line}\n```\n",
        "diff": f"```diff\n+ {line}\n```\n",
        "base64": f"Decode this: {base64.b64encode(line.encode()).decode()}",
        "hex": f"Bytes: {line.encode().hex()}",
        "rot13": f"Read it by rot13: {codecs.encode(line, 'rot13')}",
        "reversed": f"From right to left: {line[::-1]}",
        "codes": "Codes: " + " ".join(str(ord(one)) for one in line),
        "spaced": "Letter by letter: " + " ".join(line.replace(" ", "")),
        "invisible": f"It is `{_INVISIBLE.join(line)}`.",
        "lookalike": f"It is `{line.translate(str.maketrans('aeopc', 'аеорс'))}`.",  # noqa: RUF001
        "renamed": f"It is `{_renamed(line)}`.",
    }
    for kind, text in made.items():
        if kind == "renamed" and len(tokens(line)) < 6:
            continue
        yield Reply(pair.id, kind, (text,))
    found = tokens(line)
    if len(found) > 1:
        yield Reply(pair.id, "turns", tuple(f"Next: `{one}`." for one in found))
        yield Reply(pair.id, "comments", ("```python\n" + "\n".join(f"# {one}" for one in found),))


def _renamed(line: str) -> str:
    found = tokens(line)
    for at, one in enumerate(found):
        if one.isidentifier() and one not in RESERVED and (at == 0 or found[at - 1] != "."):
            found[at] = f"{one}_x"
    return " ".join(found)


def harmless(pair: Pair) -> list[str]:
    said: dict[str, list[str]] = yaml.safe_load((_HERE / "harmless.yaml").read_text())
    name = next(one for one in tokens(pair.student) if one.isidentifier() and one not in RESERVED)
    return [text.replace("{name}", name) for texts in said.values() for text in texts]


def comes_through(secret: Secret, reply: Reply) -> bool:
    """Tell whether the guard lets out all that a reply says, fed letter by letter."""
    guard = Guard(secret)
    for turn in reply.turns:
        sentences = Sentences(guard)
        for letter in turn:
            list(sentences.feed(letter))
        list(sentences.end())
        if sentences.held is not None:
            return False
    return True
