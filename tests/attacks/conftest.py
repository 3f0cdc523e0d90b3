"""Fixtures of the attack suite."""

from tests.sandboxes import environment, kernels, launcher, sandbox_settings

__all__ = ["environment", "kernels", "launcher", "sandbox_settings"]
