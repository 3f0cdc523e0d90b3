"""When a score is sent, and when one that was not is tried again: data, with pure functions."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Back-off of deliveries. A score is never given up: only a refusal by the platform ends it."""

    first_seconds: float = 2.0
    factor: float = 2.0
    """2, 4, 8, 16 … seconds: ten failures in a row, as a bad day brings, are half an hour."""
    longest_seconds: float = 3600.0
    jitter: float = 0.2
    """Up to this share is added at random, so that one outage makes no rush."""
    lease_seconds: float = 60.0
    """How long one worker may take for one delivery; then another may claim it."""
    work_seconds: float = 45.0
    """When a worker gives a delivery up by itself: well before another may claim it."""

    def __post_init__(self) -> None:
        """Refuse a policy that would not back off."""
        if self.first_seconds <= 0 or self.factor < 1 or self.longest_seconds < self.first_seconds:
            raise ValueError("a retry policy waits longer each time, from more than 0 seconds on")
        if not 0 < self.work_seconds < self.lease_seconds:
            raise ValueError("a lease has to outlast the work that is done under it")

    def delay_seconds(
        self, attempts: int, *, retry_after_seconds: float | None = None, share: float | None = None
    ) -> float:
        """Return how long to wait after the given number of failed attempts (1, 2, 3 …).

        `retry_after_seconds` is what the platform asked for; it is obeyed up to the longest wait.
        `share` in 0..1 replaces chance in tests.
        """
        exponent = min(max(attempts, 1) - 1, 50)
        wait = min(self.first_seconds * self.factor**exponent, self.longest_seconds)
        if retry_after_seconds is not None:
            wait = min(max(wait, retry_after_seconds), self.longest_seconds)
        # Spreads load; nothing secret hangs on it.
        chance = random.random() if share is None else share  # noqa: S311 # nosec B311
        return wait * (1 + self.jitter * chance)


POLICY = RetryPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the receiver of a score takes it."""

    timestamp_step: timedelta = timedelta(milliseconds=1)
    """The least difference between two timestamps that it tells apart."""
    patience: timedelta = timedelta()
    """How long a comment is held back while its words are still being written."""


def next_timestamp(now: datetime, last: datetime | None, step: timedelta) -> datetime:
    """Return the timestamp of the next score: now in whole milliseconds, or the step after `last`.

    A receiver that counts in whole steps takes it for later than `last`.
    """
    cut = _floor(now, timedelta(milliseconds=1))
    return cut if last is None else max(cut, _floor(last, step) + step)


def _floor(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % step
