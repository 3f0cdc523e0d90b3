"""Response headers: what a page may load, who may frame it, and what nobody may store.

`X-Frame-Options` is absent on purpose: it cannot name the platforms that frame the tool.
"""

import secrets

from flask import Flask, Response, g, request

NO_STORE_PREFIXES = ("/api/", "/workspace/", "/lti/")


def csp_nonce() -> str:
    """Return this request's nonce for inline styles, made on first use."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def frame_by(origin: str) -> None:
    """Let pages of `origin` (`*` for an inert page) frame this response; nobody may by default."""
    g.frame_ancestor = origin


def post_to(origin: str) -> None:
    """Let the form of this response go to `origin` and nowhere else; by default it goes to us."""
    g.form_action = origin


def content_security_policy(*, nonce: str, frame_ancestor: str, form_action: str = "'self'") -> str:
    """Return the policy of a page.

    CodeMirror injects a style element, hence the nonce; ruff runs as WebAssembly in a worker.
    """
    directives = (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "font-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        f"form-action {form_action}",
        f"frame-ancestors {frame_ancestor}",
    )
    return "; ".join(directives)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        content_security_policy(
            nonce=csp_nonce(),
            frame_ancestor=g.get("frame_ancestor", "'none'"),
            form_action=g.get("form_action", "'self'"),
        ),
    )
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Content-Type-Options"] = "nosniff"
    if request.path.startswith(NO_STORE_PREFIXES):
        headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    """Put the headers on every response of the application, errors included."""
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
