"""The SQL of one signal: what to tally while reading its events, its value, when that can fall, and its points."""

import math
from dataclasses import dataclass

from scoring.compiler.compiled import start_name, window_of
from scoring.compiler.joined import truth
from scoring.rules.spec import POINTS_LIMIT, SignalKind, SignalSpec, WindowKind
from scoring.rules.windows import Window


@dataclass(frozen=True)
class SignalSql:
    """Fragments for the signal at place `n` of the spec.

    tallies: aggregate columns over the activity of a subject. value: expression over those columns. leaves: expression
    for the first as_of at which the signal's points can change because events leave its window, or None if never.
    """

    tallies: tuple[str, ...]
    value: str
    leaves: str | None


def action_sql(signal: SignalSpec, n: int) -> SignalSql:
    """Fragments for a signal over events.

    A signal with fixed points stays true until fewer than `at_least` are left, so its next change is when the
    at_least-th latest event (or day) leaves; for at_least 1 that is the latest, and for a greatest number the latest
    that reaches at_least. One that gives points for each, a sum, and one with an upper bound can change with any event:
    the earliest. So the moment is exact for the first sort, and never late for any.
    """
    window = window_of(signal)
    inside = f"FILTER (WHERE {inside_window(signal, window)})"
    needed = max(1, math.ceil(signal.at_least))
    if signal.kind == SignalKind.DISTINCT_DAYS:
        return _distinct_days(signal, n, window, inside, needed)
    if signal.kind == SignalKind.SUM:
        tally, value = f"sum(number) {inside} AS sum_{n}", f"COALESCE(sum_{n}, 0)"
    elif signal.kind == SignalKind.MAX:
        return _greatest(signal, n, window, inside)
    elif signal.kind == SignalKind.COUNT:
        tally, value = f"count(*) {inside} AS count_{n}", f"COALESCE(count_{n}, 0)"
    else:
        tally, value = f"count(*) {inside} AS count_{n}", f"LEAST(COALESCE(count_{n}, 0), 1)"
        needed = 1
    if window.kind == WindowKind.EVER:
        return SignalSql((tally,), value, None)
    is_of_amount = signal.kind == SignalKind.COUNT and (signal.per_occurrence or signal.at_most is not None)
    if signal.kind == SignalKind.SUM or is_of_amount:
        edge = f"min(ts) {inside} AS edge_{n}"
    elif needed == 1:
        edge = f"max(ts) {inside} AS edge_{n}"
    else:
        tallies = (tally, f"array_agg(ts) {inside} AS moments_{n}")
        nth = f"(SELECT t FROM unnest(moments_{n}) AS t ORDER BY t DESC OFFSET {needed - 1} LIMIT 1)"
        latest = f"CASE WHEN count_{n} >= {needed} THEN {nth} END"
        return SignalSql(tallies, value, leaving(latest, window))
    return SignalSql((tally, edge), value, leaving(f"edge_{n}", window))


def _greatest(signal: SignalSpec, n: int, window: Window, inside: str) -> SignalSql:
    tally, value = f"max(number) {inside} AS max_{n}", f"COALESCE(max_{n}, 0)"
    if window.kind == WindowKind.EVER:
        return SignalSql((tally,), value, None)
    if signal.per_occurrence or signal.at_most is not None:
        edge = f"min(ts) {inside} AS edge_{n}"
    else:
        reaching = f"number >= {signal.at_least:f} AND {inside_window(signal, window)}"
        edge = f"max(ts) FILTER (WHERE {reaching}) AS edge_{n}"
    return SignalSql((tally, edge), value, leaving(f"edge_{n}", window))


def _distinct_days(signal: SignalSpec, n: int, window: Window, inside: str, needed: int) -> SignalSql:
    """Days are gathered with repeats and made distinct per subject: sorting each subject's few dates is much cheaper
    than the sort of all rows that count(DISTINCT) asks for."""
    tallies: tuple[str, ...] = (f"array_agg(local_day) {inside} AS raw_days_{n}",)
    value = f"COALESCE(cardinality(days_{n}), 0)"
    if window.kind == WindowKind.EVER:
        return SignalSql(tallies, value, None)
    if window.kind == WindowKind.HOURS:  # a day can lose its events one by one
        return SignalSql((*tallies, f"min(ts) {inside} AS edge_{n}"), value, leaving(f"edge_{n}", window))
    can_any = signal.per_occurrence or signal.at_most is not None
    nth = f"cardinality(days_{n})" if can_any else str(needed)
    place = f"(days_{n})[{nth}] - %(today)s::date + array_length(days, 1) / 2 + {window.length}"
    return SignalSql(tallies, value, f"days[{place}] + interval '1 microsecond'")


def leaving(ts: str, window: Window) -> str:
    """When an event at `ts` (an expression) leaves the window: Window.leaves_at in SQL, over the midnights given."""
    if window.kind == WindowKind.HOURS:
        return f"{ts} + interval '{window.length} hours 1 microsecond'"
    return f"days[width_bucket({ts}, days) + {window.length}] + interval '1 microsecond'"


def inside_window(signal: SignalSpec, window: Window) -> str:
    """The condition on an activity row (action, ts) that makes it count for the signal at as_of."""
    lower = "" if window.kind == WindowKind.EVER else f" AND ts >= %({start_name(window)})s::timestamptz"
    return f"action = {int(signal.action_version_id or 0)}{lower} AND ts < %(as_of)s::timestamptz"


def raw_points(signal: SignalSpec, value: str) -> str:
    """Points before the cap, a whole number."""
    whole = f"trunc({value})" if signal.kind in (SignalKind.SUM, SignalKind.MAX) else f"{value}::bigint"
    given = f"{signal.points} * {whole}" if signal.per_occurrence else f"{signal.points}"
    return f"CASE WHEN {truth(signal, value)} THEN {given} ELSE 0 END"


def capped_points(signal: SignalSpec, raw: str) -> str:
    """Points after the cap, as an integer."""
    cap = POINTS_LIMIT if signal.points_cap is None else min(signal.points_cap, POINTS_LIMIT)
    return f"GREATEST({-cap}, LEAST({cap}, {raw}))::integer"
