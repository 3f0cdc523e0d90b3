"""Undoing disguises: what a text says once invisible, look-alike or encoded letters are read."""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import unquote

T = TypeVar("T")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏвкмнтАВЕКМНОРСТУХαορνυικΑΒΕΗΙΚΜΝΟΡΤΧ",
    "aeopcyxijsdhlbkmhtABEKMHOPCTYXaopvuikABEHIKMNOPTX",
)
_CYRILLIC = "абвгдеёзийклмнопрстуфхцыэ"
_LATIN = [
    "a",
    "b",
    "v",
    "g",
    "d",
    "e",
    "e",
    "z",
    "i",
    "y",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "r",
    "s",
    "t",
    "u",
    "f",
    "h",
    "c",
    "y",
    "e",
]
_SPOKEN = str.maketrans(dict(zip(_CYRILLIC, _LATIN, strict=True)) | {"ж": "zh", "ш": "sh"})
_MIXED = re.compile(r"\w*(?:[A-Za-z_]\w*[^\x00-\x7f]|[^\x00-\x7f]\w*[A-Za-z_])\w*")
_SPACED = re.compile(r"(?<!\w)\w(?:(?:[ \t]*[-\u2013·.,|/_*][ \t]*|[ \t]+)\w(?!\w)){2,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_BASE32 = re.compile(r"\b[A-Z2-7]{8,}={0,6}")
_HEX = re.compile(r"\b(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ ,:\\]*){4,}")
_ESCAPES = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_CODES = re.compile(r"\b(?:\d{2,3}[ ,;]+){3,}\d{2,3}\b")
_BITS = re.compile(r"(?:\b[01]{7,8}\b[ ,]*){3,}")
_BYTE = 256
_SHORTEST = 4
"""Decoded bytes that are taken for a text."""


def plain(text: str) -> str:
    """Return a text without invisible and compatibility letters, and with true Latin in code."""
    seen = "".join(
        letter
        for letter in unicodedata.normalize("NFKC", text)
        if unicodedata.category(letter) not in {"Cf", "Mn"} or letter == "̆"
    )
    seen = unicodedata.normalize("NFC", seen)
    return _MIXED.sub(lambda match: match.group().translate(_LOOKALIKES), seen)


def letters(text: str) -> str:
    """Return what letters written one by one spell, or nothing."""
    return " ".join(re.sub(r"[^\w]|_(?!\w{2})", "", one.group()) for one in _SPACED.finditer(text))


def decoded(text: str) -> Iterator[str]:
    """Yield texts that are written in this one by a common code."""
    for match in _BASE64.finditer(text):
        yield from _base64(match.group())
    for match in _BASE32.finditer(text):
        word = match.group().rstrip("=")
        yield from _readable(base64.b32decode, word + "=" * (-len(word) % 8))
    for match in _HEX.finditer(text):
        yield from _readable(bytes.fromhex, re.sub(r"0x|\\x|[ ,:\\]", "", match.group()))
    for pattern, base in ((_CODES, 10), (_BITS, 2)):
        for match in pattern.finditer(text):
            codes = [int(one, base) for one in re.findall(r"\d+", match.group())]
            yield from _readable(bytes, [code for code in codes if code < _BYTE])
    escaped = _ESCAPES.sub(lambda one: chr(int(one.group(1) or one.group(2), 16)), text)
    for other in (escaped, html.unescape(text), unquote(text)):
        if other != text:
            yield other


def turned(text: str) -> Iterator[str]:
    """Yield the text turned round or with its letters moved: readable only where it was a code."""
    yield text[::-1]
    yield " ".join(word[::-1] for word in text.split())
    yield codecs.encode(text, "rot13")
    spoken = text.lower().translate(_SPOKEN)
    if spoken != text.lower():
        yield spoken


def _base64(word: str) -> Iterator[str]:
    if word.isalpha() and (word.islower() or word.istitle()):
        return  # an ordinary word
    stripped = word.rstrip("=")
    for cut in (stripped, stripped[:-1]):
        padded = cut + "=" * (-len(cut) % 4)
        yield from _readable(base64.urlsafe_b64decode, padded.replace("+", "-").replace("/", "_"))


def _readable(decode: Callable[[T], bytes], word: T) -> Iterator[str]:
    try:
        text = decode(word).decode()
    except (ValueError, binascii.Error):
        return
    if len(text) >= _SHORTEST and all(one.isprintable() or one.isspace() for one in text):
        yield text
