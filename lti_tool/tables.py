"""Every table of every package, for migrations and tests."""

import importlib
import pkgutil

from sqlalchemy import MetaData

import grading
import lti_tool
import notebooks
from config.database import Base


def all_tables() -> MetaData:
    """Import every `models` module and return the metadata that they filled."""
    for package in (notebooks, grading, lti_tool):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            parts = module.name.split(".")
            if "models" in parts:
                importlib.import_module(module.name)
    return Base.metadata
