"""What every request has to pass: loopback only, one host name, no posts from other sites."""

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from config.settings import Settings
from lti_tool.demo_lms.errors import NotADemoError
from lti_tool.demo_lms.platform import Platform, current_platform

_OTHER_SITE = "This form came from another site; open the course page and try again."


def refuse_outside_demo(settings: Settings) -> None:
    """Refuse to build the platform for anything but a demo on this machine.

    Raises:
        NotADemoError: demo mode is off, or browsers reach the tool under a public name.
    """
    if not settings.demo:
        raise NotADemoError(
            "The demo LMS lets anybody be a teacher, so it runs in demo mode only;"
            " set CASEBOOK_DEMO=true to try the tool, or register a real LMS."
        )
    host = urlsplit(settings.public_url).hostname or ""
    if host != "localhost" and not is_loopback(host):
        raise NotADemoError(
            f"The demo LMS runs on loopback only, but the tool is served as {settings.public_url};"
            " unset CASEBOOK_PUBLIC_URL_OVERRIDE, or set CASEBOOK_DEMO=false."
        )


def is_loopback(address: str | None) -> bool:
    """Return whether this is a loopback IP address, also one mapped into IPv6."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback


def is_foreign_post(incoming: Request, issuer: str) -> bool:
    """Return whether the browser says that another site's page sent this form."""
    origin = incoming.headers.get("Origin")
    site = incoming.headers.get("Sec-Fetch-Site", "same-origin")
    return (origin is not None and origin != issuer) or site != "same-origin"


def refuse_foreign_post() -> None:
    """Answer 403 to a form of a page of ours that another site's page sent."""
    if is_foreign_post(request, current_platform().issuer):
        abort(403, description=_OTHER_SITE)


def install(app: Flask, platform: Platform) -> None:
    """Put the guards before, and the security headers behind, every request."""
    issuer, tool = platform.issuer, platform.tool.origin
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"frame-src 'self' {tool}",
            f"form-action 'self' {tool}",
            "frame-ancestors 'self'",
            "base-uri 'none'",
        )
    )

    @app.before_request
    def only_loopback_under_one_name() -> BaseResponse | None:
        if not is_loopback(request.remote_addr):
            abort(403, description="The demo LMS answers its own machine only.")
        if f"http://{request.host}" == issuer:
            return None
        if request.method not in {"GET", "HEAD"}:
            abort(421, description=f"The demo LMS is {issuer}.")
        return redirect(f"{issuer}{request.full_path.rstrip('?')}", code=307)

    @app.after_request
    def add_security_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
