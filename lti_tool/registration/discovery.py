"""What a platform says of itself, and what it answers to a registration; parsed and not believed.

https://www.imsglobal.org/spec/lti-dr/v1p0#platform-configuration
"""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lti_tool.models import PlatformFamily
from lti_tool.platforms.families import FAMILIES, PLATFORMS
from lti_tool.registration.agreement import url_problem
from lti_tool.registration.errors import PlatformAnswerError

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"

_Text = Annotated[str, Field(max_length=2000)]


class _Product(BaseModel):
    model_config = ConfigDict(frozen=True)

    product_family_code: _Text = ""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)

    issuer: _Text
    authorization_endpoint: _Text
    token_endpoint: _Text
    jwks_uri: _Text
    registration_endpoint: _Text
    authorization_server: _Text | None = None
    product: _Product = Field(_Product(), alias=PLATFORM_CONFIGURATION)


class _Deployed(BaseModel):
    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    deployment_id: _Text | None = None


class _Registered(BaseModel):
    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    client_id: _Text
    tool: _Deployed = Field(_Deployed(), alias=TOOL_CONFIGURATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformConfiguration:
    """What a platform says of itself, as far as its hosts belong together."""

    issuer: str
    authorization_url: str
    token_url: str
    token_audience: str | None
    """`aud` of our assertions, if the platform names one."""
    jwks_url: str
    registration_url: str
    family: PlatformFamily
    product: str
    """The code that the product gives for itself; may be empty."""

    @property
    def host(self) -> str:
        """Return the issuer's host, with its port if it is not the usual one."""
        return _host(self.issuer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a platform answered to the tool's registration."""

    client_id: str
    deployment_id: str | None
    """Canvas tells it later, to its administrator."""


def parse_configuration(document: Any, *, source: str) -> PlatformConfiguration:  # noqa: ANN401 - JSON
    """Return what the document at `source` says.

    Raises PlatformAnswerError if something is missing or malformed, or if a host speaks for an
    issuer of another: who can serve a document must not become somebody else's platform.
    """
    try:
        read = _Document.model_validate(document)
    except ValidationError as error:
        raise PlatformAnswerError(f"The platform's configuration: {_first(error)}") from error
    family = FAMILIES.get(read.product.product_family_code.lower(), PlatformFamily.GENERIC)
    urls = {
        "issuer": read.issuer,
        "authorization_endpoint": read.authorization_endpoint,
        "token_endpoint": read.token_endpoint,
        "jwks_uri": read.jwks_uri,
        "registration_endpoint": read.registration_endpoint,
        "openid_configuration": source,
    }
    for name, url in urls.items():
        if (why := url_problem(url)) is not None:
            raise PlatformAnswerError(f"The platform's configuration: {name}: {why}")
        if not PLATFORMS[family].speaks_for(_host(read.issuer), _host(url)):
            raise PlatformAnswerError(
                f"The platform's configuration: {name} is at {_host(url)}, but the issuer at"
                f" {_host(read.issuer)}."
            )
    return PlatformConfiguration(
        issuer=read.issuer,
        authorization_url=read.authorization_endpoint,
        token_url=read.token_endpoint,
        token_audience=read.authorization_server,
        jwks_url=read.jwks_uri,
        registration_url=read.registration_endpoint,
        family=family,
        product=read.product.product_family_code,
    )


def parse_registered(document: Any) -> Registered:  # noqa: ANN401 - JSON
    """Return what the platform answered. Raises PlatformAnswerError."""
    try:
        read = _Registered.model_validate(document)
    except ValidationError as error:
        raise PlatformAnswerError(f"The platform's answer: {_first(error)}") from error
    return Registered(client_id=read.client_id, deployment_id=read.tool.deployment_id)


def _host(url: str) -> str:
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    host = parts.hostname or ""
    return host if parts.port in {None, usual} else f"{host}:{parts.port}"


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'document'}: {first['msg']}."
