"""How much memory kernels take, as measured, and how much all of them may take together.

A kernel's share is its processes' proportional set size: pages that several kernels share count
once. Limits say nothing here: few kernels ever come near theirs.
"""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from notebooks.kernels.records import KernelSpec
from notebooks.kernels.sandboxes.base import Sandbox

EXPECTED_BYTES = 150 * 1024 * 1024
"""What a kernel is taken for until one of its kind was measured: the usual libraries, loaded."""

_STALE_SECONDS = 60.0
"""A kernel that does nothing is measured again this late; reading costs it a few milliseconds."""
_KEPT_KINDS = 256
_SHARE_OF_MACHINE = 2 / 3


@dataclass(frozen=True, slots=True)
class Resident:
    """A kernel that takes memory. `sandbox` is None while it starts."""

    spec: KernelSpec
    sandbox: Sandbox | None


@dataclass(frozen=True, slots=True)
class _Measure:
    bytes: int
    at: float


class Budget:
    """Says whether another kernel fits."""

    def __init__(self, memory_bytes: int | None, kernels: int) -> None:
        """Call with the memory for all (None: a share of the machine's) and their number."""
        self.memory_bytes = memory_bytes or int(machine_memory_bytes() * _SHARE_OF_MACHINE)
        self.kernels = kernels
        self._measures: WeakKeyDictionary[Sandbox, _Measure] = WeakKeyDictionary()
        self._kinds: OrderedDict[KernelSpec, int] = OrderedDict()

    def used_bytes(self, residents: Iterable[Resident]) -> int:
        """Return what they take together, as last measured or else as expected."""
        return sum(map(self._bytes, residents))

    def fits(self, residents: Iterable[Resident], spec: KernelSpec) -> bool:
        """Return whether one more kernel may live beside these; beside none, it always may."""
        present = tuple(residents)
        if not present:
            return self.kernels > 0
        if len(present) >= self.kernels:
            return False
        return self.used_bytes(present) + self.expected_bytes(spec) <= self.memory_bytes

    def expected_bytes(self, spec: KernelSpec) -> int:
        """Return what a new kernel of this kind will take, judging by those before it."""
        return self._kinds.get(spec, EXPECTED_BYTES)

    def forget(self, sandbox: Sandbox) -> None:
        """Measure a kernel anew on the next occasion: it has worked."""
        self._measures.pop(sandbox, None)

    async def refresh(self, residents: Iterable[Resident]) -> None:
        """Measure those that have worked since, or were not measured for long; in a thread."""
        now = time.monotonic()
        due = [
            resident
            for resident in residents
            if resident.sandbox is not None and self._is_stale(resident.sandbox, now)
        ]
        sizes = await asyncio.to_thread(lambda: [_measure(each.sandbox) for each in due])
        for resident, size in zip(due, sizes, strict=True):
            if resident.sandbox is None or not size:
                continue
            self._measures[resident.sandbox] = _Measure(size, now)
            self._remember(resident.spec, size)

    def _bytes(self, resident: Resident) -> int:
        measure = None if resident.sandbox is None else self._measures.get(resident.sandbox)
        return self.expected_bytes(resident.spec) if measure is None else measure.bytes

    def _is_stale(self, sandbox: Sandbox, now: float) -> bool:
        measure = self._measures.get(sandbox)
        return measure is None or now - measure.at > _STALE_SECONDS

    def _remember(self, spec: KernelSpec, size: int) -> None:
        before = self._kinds.pop(spec, size)
        self._kinds[spec] = (before + size) // 2
        while len(self._kinds) > _KEPT_KINDS:
            self._kinds.popitem(last=False)


def machine_memory_bytes() -> int:
    """Return how much memory this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def pss_bytes(process: int) -> int:
    """Return a process's proportional set size, 0 if it is gone."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except (OSError, ValueError):
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _measure(sandbox: Sandbox | None) -> int:
    return 0 if sandbox is None else sum(map(pss_bytes, sandbox.processes()))
