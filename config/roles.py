"""Which process may call which: the one table that every listener authorises by."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a process is; the URI `casebook://role/<role>` in its certificate says so."""

    WEB = "web"
    WORKER = "worker"
    RUNNER = "runner"
    LLM = "llm"
    OPERATOR = "operator"


class Action(StrEnum):
    """What may be asked of a listener."""

    RUNNER_EXECUTE = "runner:execute"
    """Start and kill kernels, run cells, read and acknowledge events, replay documents."""
    RUNNER_ATTEND = "runner:attend"
    """Look at a kernel, stop what it runs, restart it, complete and inspect."""
    RUNNER_HEALTH = "runner:health"
    LLM_GENERATE = "llm:generate"
    LLM_HEALTH = "llm:health"


MAY: Mapping[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.RUNNER_EXECUTE: frozenset({Role.WORKER, Role.OPERATOR}),
        Action.RUNNER_ATTEND: frozenset({Role.WEB, Role.WORKER, Role.OPERATOR}),
        Action.RUNNER_HEALTH: frozenset(Role),
        Action.LLM_GENERATE: frozenset({Role.WORKER, Role.OPERATOR}),
        Action.LLM_HEALTH: frozenset(Role),
    }
)

LISTENERS: frozenset[Role] = frozenset({Role.RUNNER, Role.LLM})
"""Roles whose certificates may stand on a listener; no other can pose as one."""


def may(role: Role, action: Action) -> bool:
    """Say whether a process of this role may ask for this action."""
    return role in MAY[action]
