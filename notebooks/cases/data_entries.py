"""Checking the `data:` entries of `case.yaml`, as far as that takes no network."""

from collections.abc import Collection, Iterator, Sequence

from notebooks.cases.archive import is_known, safe_name
from notebooks.cases.profile import DataFile
from notebooks.downloads.errors import DownloadError


def entry_faults(
    entries: Sequence[DataFile], bundled: Collection[str]
) -> Iterator[tuple[int, str, str]]:
    """Yield (index of the entry, field, what is wrong with it).

    `bundled` are the files that lie below the case's own `data/`.
    """
    if not entries:
        return
    # Most cases name no address, and the client takes long to import.
    from notebooks.downloads.addresses import parse_url  # noqa: PLC0415

    taken = set(bundled)
    for index, entry in enumerate(entries):
        name = entry.file
        if name.startswith("data/"):
            yield index, "file", f"{name!r} is looked for below data/ already: leave `data/` out."
        elif safe_name(name) != name or not is_known(f"data/{name}"):
            yield index, "file", f"{name!r} is no plain path below data/."
        elif name in taken:
            yield index, "file", f"There is a second file data/{name}."
        elif clash := _clash(name, taken):
            yield index, "file", f"data/{name} and data/{clash} cannot both be there."
        taken.add(name)
        try:
            parse_url(entry.url)
        except DownloadError as error:
            yield index, "url", f"`data/{name}`: {error}"


def _clash(name: str, taken: Collection[str]) -> str | None:
    """Return a file whose name this one would need for a folder, or the other way round."""
    for other in sorted(taken):
        if other.startswith(f"{name}/") or name.startswith(f"{other}/"):
            return other
    return None
