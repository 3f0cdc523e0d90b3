import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from notebooks.kernels.records import KernelSpec
from notebooks.kernels.runner.budget import EXPECTED_BYTES, Budget, Resident, pss_bytes
from notebooks.kernels.sandboxes.base import Program
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher, BwrapSandbox

MIB = 1024 * 1024
SPEC = KernelSpec(environment="e")
STARTING = Resident(SPEC, None)


def test_a_kernel_is_expected_to_take_the_usual_until_one_was_measured() -> None:
    budget = Budget(3 * EXPECTED_BYTES, 40)
    assert budget.fits([STARTING, STARTING], SPEC)
    assert not budget.fits([STARTING, STARTING, STARTING], SPEC)


def test_the_number_is_a_limit_of_its_own() -> None:
    assert Budget(1000 * EXPECTED_BYTES, 2).fits([STARTING], SPEC)
    assert not Budget(1000 * EXPECTED_BYTES, 2).fits([STARTING, STARTING], SPEC)


def test_one_kernel_fits_however_small_the_budget_is() -> None:
    assert Budget(1, 40).fits([], SPEC)
    assert not Budget(1, 40).fits([STARTING], SPEC)


def test_without_a_setting_the_machine_decides() -> None:
    assert (
        0 < Budget(None, 40).memory_bytes < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    )


def test_a_process_that_is_gone_takes_nothing() -> None:
    assert pss_bytes(2**22 + 1) == 0
    assert pss_bytes(os.getpid()) > MIB


@pytest.fixture
async def sandbox(launcher: BwrapLauncher, environment: str) -> AsyncIterator[BwrapSandbox]:
    """A sandbox that holds 80 MiB."""
    code = "held = b'x' * (80 << 20); print('ready', flush=True); input()"
    program = Program(arguments=("-c", code), piped=True)
    spec = KernelSpec(environment=environment)
    made = await launcher.start(spec, program, launcher.new_uid())
    assert made.answers is not None
    assert await made.answers.readline() == b"ready\n"
    yield made
    await made.close()


@pytest.mark.sandbox
async def test_a_kernel_counts_with_what_its_processes_take(sandbox: BwrapSandbox) -> None:
    budget = Budget(None, 40)
    resident = Resident(SPEC, sandbox)
    assert budget.used_bytes([resident]) == EXPECTED_BYTES
    await budget.refresh([resident])
    assert 80 * MIB < budget.used_bytes([resident]) < 130 * MIB
    assert budget.expected_bytes(SPEC) == budget.used_bytes([resident])


@pytest.mark.sandbox
async def test_a_kernel_is_measured_again_only_after_it_has_worked(sandbox: BwrapSandbox) -> None:
    budget = Budget(None, 40)
    resident = Resident(SPEC, sandbox)
    await budget.refresh([resident])
    before = budget.used_bytes([resident])
    sandbox.kill()
    await asyncio.wait_for(sandbox.wait(), 10)
    await budget.refresh([resident])
    assert budget.used_bytes([resident]) == before
    budget.forget(sandbox)
    assert budget.used_bytes([resident]) == budget.expected_bytes(SPEC)
