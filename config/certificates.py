"""The local certificate authority: short-lived leaves, one folder per role.

`FOLDER/current` is a link to one generation with `cert.pem`, `key.pem` and `ca.pem`; replacing the
link changes all three at once, so no reader ever sees a certificate without its key.
"""

import os
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from config.errors import CertificateError
from config.roles import LISTENERS, Role

ROLE_URI = "casebook://role/"
AUTHORITY_LIFETIME = timedelta(days=3650)
RENEW_AT = 2 / 3
"""Share of a leaf's life after which it is replaced."""
KEPT_GENERATIONS = 2
"""The current one, and the one that a reader may just be loading."""

_SKEW = timedelta(seconds=5)
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Authority:
    """The local CA, ready to sign."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_authority(folder: Path) -> Authority:
    """Load the CA of this folder, or create it on first use.

    Raises:
        CertificateError: its files cannot be read, or others may read its key.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    if not certificate_file.exists():
        _create_authority(certificate_file, key_file)
    if stat.S_IMODE(key_file.stat().st_mode) & 0o077:
        raise CertificateError(f"others may read {key_file}; run `chmod 600 {key_file}`")
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except ValueError as error:
        raise CertificateError(f"{folder} holds no certificate authority: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError(f"{key_file} is not a key of Casebook's own authority")
    return Authority(certificate, key)


def issue(authority: Authority, role: Role, folder: Path, lifetime: timedelta) -> Path:
    """Make a new key and certificate for a role, and let `folder/current` point to them.

    Returns the folder of the new generation. Older ones than the previous one are removed.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = _leaf(authority, role, key, not_before=now - _SKEW, not_after=now + lifetime)
    generation = folder / f"generation-{now:%Y%m%dT%H%M%S%f}"
    generation.mkdir(mode=0o700, parents=True)
    _write(generation / "key.pem", _private_pem(key))
    _write(generation / "cert.pem", _pem(certificate))
    _write(generation / "ca.pem", _pem(authority.certificate))
    link = folder / f".current-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(generation.name)
    link.replace(folder / "current")
    _prune(folder)
    return generation


def renew_due(folder: Path, authority: Authority | None = None) -> bool:
    """Say whether a role's certificate is missing, past two thirds of its life, or foreign.

    Foreign means: signed by another authority than the given one.
    """
    try:
        pem = (folder / "current" / "cert.pem").read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError):
        return True
    if authority is not None and not _signed_by(certificate, authority):
        return True
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return datetime.now(UTC) >= begin + (end - begin) * RENEW_AT


def ensure_issued(authority: Authority, role: Role, folder: Path, lifetime: timedelta) -> bool:
    """Issue a certificate if one is due; returns whether it was."""
    due = renew_due(folder, authority)
    if due:
        issue(authority, role, folder, lifetime)
    return due


def _create_authority(certificate_file: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Casebook local authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    # The key first: a certificate without its key would look like a finished authority.
    _write(key_file, _private_pem(key))
    _write(certificate_file, _pem(certificate))


def _leaf(
    authority: Authority,
    role: Role,
    key: ec.EllipticCurvePrivateKey,
    *,
    not_before: datetime,
    not_after: datetime,
) -> x509.Certificate:
    names: list[x509.GeneralName] = [
        x509.UniformResourceIdentifier(f"{ROLE_URI}{role.value}"),
        x509.DNSName("localhost"),
        x509.IPAddress(IPv4Address("127.0.0.1")),
    ]
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if role in LISTENERS:
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"casebook {role}")]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(signer, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed_by(certificate: x509.Certificate, authority: Authority) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(file: Path, content: bytes) -> None:
    temporary = file.with_name(f".{file.name}-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    temporary.replace(file)


def _prune(folder: Path) -> None:
    generations = sorted(folder.glob("generation-*"))
    for old in generations[:-KEPT_GENERATIONS]:
        shutil.rmtree(old, ignore_errors=True)
