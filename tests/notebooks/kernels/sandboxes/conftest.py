"""Fixtures of the tests that hold for every kind of launcher."""

from tests.engines import docker_engine, every_launcher, podman_engine

__all__ = ["docker_engine", "every_launcher", "podman_engine"]
