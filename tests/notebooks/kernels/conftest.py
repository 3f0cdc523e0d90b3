"""Fixtures of the runner's tests."""

from tests.sandboxes import environment, kernels, launcher, sandbox_settings

__all__ = ["environment", "kernels", "launcher", "sandbox_settings"]
