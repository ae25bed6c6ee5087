"""How long it takes until something happens, when for many it has not happened yet (Kaplan and Meier 1958)."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Tick:
    """The end of a unit of time: how many it could still have happened to, and the share it has not happened to."""

    time: int
    at_risk: int
    waiting: float


@dataclass(frozen=True)
class Curve:
    """The share that is still waiting, as steps. `total` subjects, observed for at most `horizon` units of time."""

    ticks: tuple[Tick, ...]
    total: int
    horizon: int

    def reached_by(self, time: int) -> float | None:
        """Estimated share that got there within `time` units; None when nobody was observed for so long."""
        if time > self.horizon:
            return None
        place = bisect_right(self.ticks, time, key=lambda tick: tick.time)
        return 1 - self.ticks[place - 1].waiting if place else 0.0

    def quantile(self, share: float) -> int | None:
        """The first time by which at least `share` got there; None when not reached."""
        return next((tick.time for tick in self.ticks if 1 - tick.waiting >= share - 1e-12), None)


def kaplan_meier(reached: Mapping[int, int], censored: Mapping[int, int]) -> Curve:
    """The curve from counts.

    reached: how many got there within their t-th unit of time (t from 1); censored: how many were observed for t whole
    units (from 0) without getting there. Who is censored at t could still have got there in unit t, not after.
    """
    total = at_risk = sum(reached.values()) + sum(censored.values())
    times = sorted({*reached, *censored})
    waiting, ticks = 1.0, []
    for time in times:
        events = reached.get(time, 0)
        if events:
            waiting *= 1 - events / at_risk
            ticks.append(Tick(time, at_risk, waiting))
        at_risk -= events + censored.get(time, 0)
    return Curve(tuple(ticks), total, times[-1] if times else 0)
