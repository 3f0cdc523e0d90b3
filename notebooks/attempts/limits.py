"""The limits of an attempt's kernel: pure."""

from config.settings import Settings
from notebooks.cases.profile import Policy
from notebooks.kernels.records import Limits


def limits_of(settings: Settings, policy: Policy) -> Limits:
    """Return the limits of a kernel: the installation's, where the case asks for no less or more.

    A case may lower the limits as it likes, and raise the memory up to twice the installation's.
    """
    memory = policy.memory_bytes or settings.kernel_memory_bytes
    return Limits(
        memory_bytes=min(memory, 2 * settings.kernel_memory_bytes),
        cpu_percent=settings.kernel_cpu_percent,
        processes=settings.kernel_processes,
        home_bytes=settings.kernel_home_bytes,
        run_seconds=min(policy.run_seconds or settings.run_seconds, 4 * settings.run_seconds),
    )
