import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from config.settings import Settings
from lti_tool.demo_lms.app import create_app
from lti_tool.demo_lms.keys import load_or_create_key
from lti_tool.demo_lms.registration import demo_registration, tool_endpoints
from tests.lti_tool.demo_lms.servers import free_ports, serving
from tests.lti_tool.demo_lms.tool_double import TLS, ToolDouble, new_key, tool_app

WINE = """
title: "Wine: which cultivar is it?"
description: A first classification.
subtasks:
  - {id: look, title: Look, points: 2}
  - {id: split, title: Split, points: 4}
  - {id: fit, title: Fit, points: 4}
"""
CITIES = """
title: Cities on a map
subtasks:
  - {id: only, title: Only, points: 2.5}
"""


@dataclass(frozen=True)
class World:
    """A running platform and a running tool, on two sites."""

    settings: Settings
    examples: Path
    app: Flask
    url: str
    tool: ToolDouble

    def browser(self, person: str | None = "101") -> httpx.Client:
        """Return a client with somebody's cookie, or with none."""
        cookies = {} if person is None else {"demo_lms_person": person}
        return httpx.Client(base_url=self.url, cookies=cookies, timeout=10, verify=TLS)


@pytest.fixture(scope="session")
def tool_key() -> rsa.RSAPrivateKey:
    return new_key()


@pytest.fixture(scope="session")
def platform_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A platform's key file: making RSA keys takes most of a short test's time."""
    path = tmp_path_factory.mktemp("key") / "demo_lms.pem"
    load_or_create_key(path)
    return path


@pytest.fixture
def lms_settings(tmp_path: Path, platform_key: Path) -> Settings:
    port, tool_port = free_ports()
    settings = Settings(state_dir=tmp_path / "state", port=port, tool_port_override=tool_port)
    settings.keys_dir.mkdir(parents=True)
    shutil.copy(platform_key, settings.keys_dir / "demo_lms.pem")
    return settings


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "examples"
    for slug, text in {"wine": WINE, "cities": CITIES}.items():
        (folder / slug).mkdir(parents=True)
        (folder / slug / "case.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def world(lms_settings: Settings, examples: Path, tool_key: rsa.RSAPrivateKey) -> Iterator[World]:
    app = create_app(lms_settings, examples=examples)
    tool = ToolDouble(
        demo_registration(lms_settings), tool_endpoints(lms_settings), {"key-1": tool_key}
    )
    with ExitStack() as stack:
        stack.enter_context(serving(app, lms_settings.port))
        stack.enter_context(serving(tool_app(tool), lms_settings.tool_port, host="localhost"))
        yield World(lms_settings, examples, app, lms_settings.demo_lms_url, tool)
