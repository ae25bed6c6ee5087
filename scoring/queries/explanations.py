"""Why a subject has its score, line by line, at any moment, and what it would take."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from scoring.models import Version
from scoring.queries.evaluation import evaluate, happenings
from scoring.queries.specs import frozen_spec
from scoring.rules.spec import SignalKind, SignalSpec, Spec
from scoring.rules.tipping import Happening, points_for


@dataclass(frozen=True)
class Line:
    """One signal, or (is_cap) what a signal's cap takes away. Points in hundredths; the lines of an explanation add up
    to its points. `value` of a trait, milestone or recency is 1 or 0."""

    key: str
    name: str
    points: int
    value: Decimal
    at_least: Decimal
    is_true: bool
    is_required: bool
    kind: SignalKind
    is_cap: bool = False


@dataclass(frozen=True)
class Explanation:
    """A score at `as_of` (exclusive) from what was known at `known_at` (None: all that is known now)."""

    as_of: datetime
    known_at: datetime | None
    points: int
    band: str
    has_required: bool
    enters: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Step:
    """A signal that is not true now and would be enough by itself. `missing`: how much its value lacks."""

    key: str
    name: str
    missing: Decimal
    points_after: int


@dataclass(frozen=True)
class WhyNot:
    """What keeps a subject from being a PQL. `missing_points` in hundredths, 0 when there are enough; `one_away`: each
    signal that alone would make it one, the most points first. `enters`: nothing is missing."""

    enters: bool
    missing_points: int
    missing_required: tuple[str, ...]
    excluded_by: tuple[str, ...]
    one_away: tuple[Step, ...]


def explain(
    *, version: Version, subject_id: int, as_of: datetime, known_at: datetime | None = None
) -> Explanation:
    """Recompute one score. For what we showed and acted on at the time read score_history instead. One query."""
    spec = frozen_spec(version)
    found = evaluate(spec, subjects=[subject_id], as_of=as_of, known_at=known_at, until=as_of)[subject_id]
    by_key = {line["signal"]: line for line in found.contributions}
    lines = [line for signal in spec.signals for line in _lines(signal, by_key.get(signal.key))]
    return Explanation(
        as_of=as_of,
        known_at=known_at,
        points=found.points,
        band=spec.band_of(found.points),
        has_required=found.has_required,
        enters=found.has_required and found.points >= spec.enter_threshold,
        lines=tuple(lines),
    )


def explain_then_and_now(
    *, version: Version, subject_id: int, as_of: datetime
) -> tuple[Explanation, Explanation]:
    """The score of a past moment from what we had received by then, and from what we know today."""
    then = explain(version=version, subject_id=subject_id, as_of=as_of, known_at=as_of)
    return then, explain(version=version, subject_id=subject_id, as_of=as_of)


def evidence(
    *, version: Version, subject_id: int, as_of: datetime, limit: int = 20
) -> dict[str, list[Happening]]:
    """By signal key: the latest events (or the trait's date) that make its value, newest first. One query."""
    spec = frozen_spec(version)
    found = happenings(spec, subjects=[subject_id], as_of=as_of)[subject_id]
    newest_first = sorted(found, key=lambda happening: happening.ts, reverse=True)
    return {
        signal.key: [happening for happening in newest_first if place in happening.places][:limit]
        for place, signal in enumerate(spec.signals)
    }


def why_not(*, version: Version, subject_id: int, as_of: datetime) -> WhyNot:
    """What this subject lacks at `as_of`. One query."""
    spec = frozen_spec(version)
    now = explain(version=version, subject_id=subject_id, as_of=as_of)
    values = {line.key: line.value for line in now.lines if not line.is_cap}
    missing = [
        signal for signal in spec.signals if signal.is_required and not signal.is_true(values[signal.key])
    ]
    excluding = [
        signal for signal in spec.signals if signal.is_excluding and signal.is_true(values[signal.key])
    ]
    steps = (
        [] if excluding else [_step(spec, signal, values[signal.key], now.points) for signal in spec.signals]
    )
    enough = [step for step in steps if step and all(signal.key == step.key for signal in missing)]
    return WhyNot(
        enters=now.enters,
        missing_points=max(0, spec.enter_threshold - now.points),
        missing_required=tuple(signal.name for signal in missing),
        excluded_by=tuple(signal.name for signal in excluding),
        one_away=() if now.enters else tuple(sorted(enough, key=lambda step: -step.points_after)),
    )


def _step(spec: Spec, signal: SignalSpec, value: Decimal, points: int) -> Step | None:
    if value >= signal.enough or signal.is_excluding or signal.kind == SignalKind.RULE:
        return None  # true, or too much of it; a rule comes true by another signal
    after = points + points_for(signal, signal.at_least)
    if after < spec.enter_threshold:
        return None
    return Step(signal.key, signal.name, signal.at_least - value, after)


def _lines(signal: SignalSpec, found: dict[str, Any] | None) -> list[Line]:
    value = Decimal(found["value"]) if found else Decimal(0)
    raw, points = (int(found["raw"]), int(found["points"])) if found else (0, 0)
    line = Line(
        key=signal.key,
        name=signal.name,
        points=raw,
        value=value,
        at_least=signal.at_least,
        is_true=signal.is_true(value),
        is_required=signal.is_required,
        kind=signal.kind,
    )
    if raw == points:
        return [line]
    name = _("Cap on “%(signal)s”") % {"signal": signal.name}
    return [line, replace(line, name=name, points=points - raw, is_required=False, is_cap=True)]
