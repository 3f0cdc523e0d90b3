import json
from pathlib import Path

import pytest
from flask import Flask

from lti_tool.assets import Assets
from lti_tool.errors import AssetsMissingError

SCRIPT = "/static/dist/assets/main-a1.js"


def test_hashed_assets_are_kept_for_ever_and_others_asked_for_again(shell: Flask) -> None:
    client = shell.test_client()
    with client.get(SCRIPT) as hashed, client.get("/static/css/pages.css") as plain:
        assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert plain.headers["Cache-Control"] == "public, no-cache"
        assert plain.headers["ETag"]


@pytest.mark.parametrize(
    ("accepted", "sent", "encoding"),
    [
        ("gzip, deflate, br", "main-a1.js.br", "br"),
        ("gzip", "main-a1.js.gz", "gzip"),
        ("br;q=0, gzip", "main-a1.js.gz", "gzip"),
        ("identity", "main-a1.js", None),
        ("", "main-a1.js", None),
    ],
)
def test_the_best_twin_that_the_browser_takes_is_sent(
    shell: Flask, accepted: str, sent: str, encoding: str | None
) -> None:
    with shell.test_client().get(SCRIPT, headers={"Accept-Encoding": accepted}) as response:
        assert response.get_data(as_text=True) == f"/* {sent} */"
        assert response.headers.get("Content-Encoding") == encoding
        assert response.mimetype in {"text/javascript", "application/javascript"}
        assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path", ["dist/.vite/manifest.json", "../state/keys/session-secret", "%2e%2e/x", "dist", "none"]
)
def test_nothing_but_files_of_the_folder_is_served(shell: Flask, path: str) -> None:
    assert shell.test_client().get(f"/static/{path}").status_code == 404


def test_a_rebuilt_front_end_is_found_without_a_restart(static_folder: Path) -> None:
    assets = Assets(static_folder / "dist")
    assert assets.find().script == "dist/assets/main-a1.js"
    manifest = static_folder / "dist" / ".vite" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("main-a1", "main-z9"))
    assert assets.find().script == "dist/assets/main-z9.js"


def test_an_entry_that_is_not_in_the_manifest_names_the_command(static_folder: Path) -> None:
    with pytest.raises(AssetsMissingError, match="npm run build"):
        Assets(static_folder / "dist").find("src/other.tsx")


@pytest.mark.parametrize(
    ("locale", "catalogue"), [("en", "en"), ("ru", "ru"), ("ru-RU", "ru"), ("de", "en")]
)
def test_the_sentences_of_the_page_are_fetched_together_with_it(
    static_folder: Path, locale: str, catalogue: str
) -> None:
    manifest = static_folder / "dist" / ".vite" / "manifest.json"
    chunks = json.loads(manifest.read_text())
    for name in ("en", "ru"):
        chunks[f"src/i18n/{name}.json"] = {"file": f"assets/{name}-c3.js"}
    chunks["src/components/rich.ts"] = {"file": "assets/rich-b2.js", "imports": ["src/main.tsx"]}
    manifest.write_text(json.dumps(chunks))
    asset = Assets(static_folder / "dist").find(locale=locale)
    assert asset.preloads[-2:] == ("dist/assets/rich-b2.js", f"dist/assets/{catalogue}-c3.js")
