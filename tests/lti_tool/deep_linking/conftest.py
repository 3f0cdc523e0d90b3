"""A platform and its dialogs, on a real database that is emptied after each test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.database import Database
from lti_tool.models import Dialog
from notebooks.objects import FileSystemStore
from tests.lti_tool.dialogs import add_dialog
from tests.lti_tool.site import seed

MakeDialog = Callable[..., Dialog]


@pytest.fixture
def database(emptied_database: Database) -> Database:
    seed(emptied_database)
    return emptied_database


@pytest.fixture
def make_dialog(database: Database) -> MakeDialog:
    def make(**changes: object) -> Dialog:
        opened = add_dialog(database, **changes)
        with database.transaction() as session:
            return session.get_one(Dialog, opened.id)

    return make


@pytest.fixture
def objects(tmp_path: Path) -> FileSystemStore:
    return FileSystemStore(tmp_path / "objects")
