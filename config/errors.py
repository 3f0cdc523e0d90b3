"""The root of config's errors; each says what is wrong and what to do."""


class ConfigError(Exception):
    """Something in the installation, not in the request, is wrong."""


class DatabaseUnavailableError(ConfigError):
    """The database server cannot be started or reached."""


class CertificateError(ConfigError):
    """A certificate is missing, expired or signed by somebody else."""


class SandboxUnavailableError(ConfigError):
    """Sandboxes cannot work on this machine; the message gives the reason and the remedy."""
