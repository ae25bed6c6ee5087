"""Which moment tipped a subject over. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from scoring.rules.joined import with_rules
from scoring.rules.spec import POINTS_LIMIT, SignalKind, SignalSpec, Spec


@dataclass(frozen=True)
class Happening:
    """An event that counts now for the signals named by `places`, or a trait that makes them true."""

    ts: datetime
    places: tuple[int, ...]
    local_day: date | None = None
    number: Decimal | None = None


@dataclass
class _Tally:
    count: int = 0
    total: Decimal = Decimal(0)
    most: Decimal | None = None
    days: set[date | None] = field(default_factory=set)


def tipped_at(spec: Spec, happenings: Iterable[Happening]) -> datetime | None:
    """When, going through what counts now in order of event time, the enter threshold was first reached with every
    required signal true. None if never. A pure function of event times: the order of arrival does not matter.
    """
    tallies = [_Tally() for _ in spec.signals]
    ordered = sorted(happenings, key=lambda happening: happening.ts)
    for index, happening in enumerate(ordered):
        for place in happening.places:
            tally = tallies[place]
            tally.count += 1
            tally.total += happening.number or Decimal(0)
            if happening.number is not None and (tally.most is None or happening.number > tally.most):
                tally.most = happening.number
            tally.days.add(happening.local_day)
        is_last_of_its_moment = index + 1 == len(ordered) or ordered[index + 1].ts != happening.ts
        if is_last_of_its_moment and _enters(spec, tallies):
            return happening.ts
    return None


def _enters(spec: Spec, tallies: list[_Tally]) -> bool:
    pairs = zip(spec.signals, tallies, strict=True)
    values = with_rules(spec, {signal.key: _value(signal, tally) for signal, tally in pairs})
    if not may_qualify(spec, values):
        return False
    return sum(points_for(signal, values[signal.key]) for signal in spec.signals) >= spec.enter_threshold


def may_qualify(spec: Spec, values: Mapping[str, Decimal]) -> bool:
    """Whether every required signal is true and no excluding one, by the values of signals by key."""
    return not any(
        (signal.is_required and not signal.is_true(values[signal.key]))
        or (signal.is_excluding and signal.is_true(values[signal.key]))
        for signal in spec.signals
    )


def _value(signal: SignalSpec, tally: _Tally) -> Decimal:
    match signal.kind:
        case SignalKind.COUNT:
            return Decimal(tally.count)
        case SignalKind.DISTINCT_DAYS:
            return Decimal(len(tally.days))
        case SignalKind.SUM:
            return tally.total
        case SignalKind.MAX:
            return tally.most or Decimal(0)
        case SignalKind.USAGE:  # whoever reached it has the one moment from which on it holds
            return signal.at_least if tally.count else Decimal(0)
        case _:
            return Decimal(min(tally.count, 1))


def points_for(signal: SignalSpec, value: Decimal) -> int:
    """Points after the cap, in hundredths, for a signal of this value (SignalSpec says the rule)."""
    if not signal.is_true(value):
        return 0
    raw = signal.points * int(value) if signal.per_occurrence else signal.points
    cap = POINTS_LIMIT if signal.points_cap is None else min(signal.points_cap, POINTS_LIMIT)
    return max(-cap, min(cap, raw))
