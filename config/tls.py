"""Mutual TLS between processes, with certificates that change while everything runs."""

import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from config.certificates import ROLE_URI
from config.errors import CertificateError
from config.roles import Role

_READS = 3
"""Attempts to read a generation that is replaced and removed meanwhile."""


class _Contexts:
    """A context that is built anew whenever `folder/current` points elsewhere."""

    def __init__(self, folder: Path, build: Callable[[Path], ssl.SSLContext]) -> None:
        self._link = folder / "current"
        self._build = build
        self._lock = Lock()
        self._generation: Path | None = None
        self._context: ssl.SSLContext | None = None

    def get(self) -> ssl.SSLContext:
        with self._lock:
            for _ in range(_READS):
                generation = self._link.resolve()
                if self._context is not None and generation == self._generation:
                    return self._context
                try:
                    self._context = self._build(generation)
                except (FileNotFoundError, ssl.SSLError) as error:
                    problem: Exception = error
                    continue
                self._generation = generation
                return self._context
        raise CertificateError(
            f"no usable certificate in {self._link}: {problem}; `casebook up` issues them"
        ) from problem


class ServerContexts:
    """Contexts for a listener that asks for one per connection: client certificates required."""

    def __init__(self, folder: Path) -> None:
        self._contexts = _Contexts(folder, _for_server)

    def get(self) -> ssl.SSLContext:
        """Return the context of the current certificates.

        Raises:
            CertificateError: there are none, or they cannot be read.
        """
        return self._contexts.get()


class ClientContexts:
    """Contexts for callers: ask for one per connection, so that new certificates are seen."""

    def __init__(self, folder: Path) -> None:
        self._contexts = _Contexts(folder, _for_client)

    def get(self) -> ssl.SSLContext:
        """Return the context of the current certificates: the same object until they change.

        Raises:
            CertificateError: there are none, or they cannot be read.
        """
        return self._contexts.get()


def server_context(folder: Path) -> ssl.SSLContext:
    """Return a context for a listener that keeps one: each handshake takes the current files.

    Client certificates of the same authority are required; what their role may do is decided by
    the application, with `peer_role` and `config.roles.may`.

    Raises:
        CertificateError: there are no certificates, or they cannot be read.
    """
    contexts = _Contexts(folder, _for_server)
    outer = contexts.get()

    def take_current(
        connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        # OpenSSL calls this for every handshake, with the name None if the client sends none.
        connection.context = contexts.get()

    outer.sni_callback = take_current
    return outer


def peer_role(peercert: dict[str, Any] | None) -> Role:
    """Return the role in a verified peer certificate, as `SSLSocket.getpeercert()` gives it.

    Raises:
        CertificateError: there is no certificate, or it names no role, or several.
    """
    names = (peercert or {}).get("subjectAltName", ())
    roles = [value.removeprefix(ROLE_URI) for kind, value in names if kind == "URI"]
    try:
        (role,) = roles
        return Role(role)
    except ValueError:
        raise CertificateError(f"the peer's certificate names no role: {roles!r}") from None


def _for_server(generation: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0  # a resumed session would outlive the certificate that opened it
    return _load(context, generation)


def _for_client(generation: Path) -> ssl.SSLContext:
    return _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), generation)


def _load(context: ssl.SSLContext, generation: Path) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(generation / "cert.pem", generation / "key.pem")
    context.load_verify_locations(generation / "ca.pem")
    return context
