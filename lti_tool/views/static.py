"""Static files: hashed assets for ever, compressed twins where the build made them."""

import mimetypes
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from lti_tool.wiring import wiring

blueprint = Blueprint("files", __name__)

HASHED_PREFIX = "dist/assets/"
"""Vite puts a hash of the content in these names: they never change."""
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "public, no-cache"
TWINS = {"br": ".br", "gzip": ".gz"}
"""Content encodings, best first, and the suffix of the compressed twin."""


def _encoding_of(folder: Path, filename: str) -> str | None:
    """Return the best encoding that the client takes and a twin file has."""
    for encoding, suffix in TWINS.items():
        twin = safe_join(str(folder), filename + suffix)
        if request.accept_encodings[encoding] > 0 and twin is not None and Path(twin).is_file():
            return encoding
    return None


@blueprint.get("/static/<path:filename>", endpoint="static")
def send_static(filename: str) -> Response:
    """Send a file below the static folder; hidden ones (Vite's manifest) are not served."""
    if any(part.startswith(".") for part in filename.split("/")):
        raise NotFound
    folder = wiring().static_folder
    encoding = _encoding_of(folder, filename)
    response = send_from_directory(
        folder,
        filename + TWINS[encoding] if encoding else filename,
        mimetype=mimetypes.guess_type(filename)[0] or "application/octet-stream",
    )
    if encoding:
        response.content_encoding = encoding
    response.vary.add("Accept-Encoding")
    hashed = filename.startswith(HASHED_PREFIX)
    response.headers["Cache-Control"] = IMMUTABLE if hashed else REVALIDATE
    return response
