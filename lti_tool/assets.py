"""Where Vite put the built front end: the manifest, read once per build."""

import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lti_tool.errors import AssetsMissingError

ENTRY = "src/main.tsx"
AT_ONCE = ("src/components/rich.ts",)
"""Parts of the page that its script fetches as soon as it runs; the browser may begin earlier."""
BUILD_COMMAND = "npm ci && npm run build"


@dataclass(frozen=True, slots=True)
class Asset:
    """Paths below `/static/` of one entry: its script, what to preload, its style sheets."""

    script: str
    preloads: tuple[str, ...]
    styles: tuple[str, ...]


class Assets:
    """Looks up entries in the manifest of one build folder (`lti_tool/static/dist`)."""

    def __init__(self, dist: Path) -> None:
        self._manifest = dist / ".vite" / "manifest.json"
        self._read_at = 0
        self._chunks: dict[str, dict[str, Any]] = {}

    def find(self, entry: str = ENTRY, *, locale: str = "en") -> Asset:
        """Return the files of an entry, and with them what it fetches at once in any case.

        Raises AssetsMissingError, with the command that builds them, if they are not there.
        """
        chunks = self._load()
        if entry not in chunks:
            raise AssetsMissingError(
                f"The front end's manifest {self._manifest} has no entry {entry!r}; build it anew:"
                f" `{BUILD_COMMAND}` in lti_tool/frontend."
            )
        needed = _with_imports(chunks, entry)
        soon = [name for name in (*AT_ONCE, catalogue_of(locale, chunks)) if name in chunks]
        fetched = dict.fromkeys(
            [*needed, *(one for part in soon for one in _with_imports(chunks, part))]
        )
        return Asset(
            script=f"dist/{chunks[entry]['file']}",
            preloads=tuple(f"dist/{chunks[name]['file']}" for name in fetched if name != entry),
            styles=tuple(f"dist/{css}" for name in needed for css in chunks[name].get("css", ())),
        )

    def _load(self) -> dict[str, dict[str, Any]]:
        try:
            changed_at = self._manifest.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._chunks = json.loads(self._manifest.read_bytes())
                self._read_at = changed_at
        except FileNotFoundError as error:
            raise AssetsMissingError(
                f"The front end is not built: {self._manifest} is missing. Build it by"
                f" `{BUILD_COMMAND}` in lti_tool/frontend (`./run` does that by itself)."
            ) from error
        return self._chunks


def catalogue_of(locale: str, chunks: Container[str]) -> str:
    """Return the chunk with the sentences of a locale; English ones where it has none."""
    own = f"src/i18n/{locale.partition('-')[0].lower()}.json"
    return own if own in chunks else "src/i18n/en.json"


def _with_imports(chunks: dict[str, dict[str, Any]], entry: str) -> list[str]:
    """Return the entry and all that it imports statically, each once, the entry first."""
    needed: list[str] = []
    waiting = [entry]
    while waiting:
        name = waiting.pop(0)
        if name not in needed:
            needed.append(name)
            waiting.extend(chunks[name].get("imports", ()))
    return needed
