"""Are the ports that Casebook wants free?"""

import errno
import socket

from config.errors import ConfigError


def require_free_port(address: str, port: int, purpose: str) -> None:
    """Check that a TCP port can be bound.

    Raises:
        ConfigError: it is in use, or may not be used; the message says what to do.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            reason = (
                "is used by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used ({error.strerror})"
            )
            raise ConfigError(
                f"port {port} on {address}, wanted for {purpose}, {reason}; "
                "choose others with --port N"
            ) from error
