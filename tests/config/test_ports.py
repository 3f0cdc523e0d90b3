import socket

import pytest

from config.errors import ConfigError
from config.ports import require_free_port


def test_a_port_in_use_is_named_with_its_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port} .* the tool, is used .* --port N"):
            require_free_port("127.0.0.1", port, "the tool")
    require_free_port("127.0.0.1", port, "the tool")


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        require_free_port("192.0.2.1", 8000, "the tool")
