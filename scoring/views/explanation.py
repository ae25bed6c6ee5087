"""A past score side by side: as shown at the time, from what was known then, and from what is known now."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scoring.models import Version
from scoring.queries.explanations import Explanation, Line, evidence, explain_then_and_now
from scoring.queries.specs import frozen_spec
from scoring.queries.subjects import shown_at
from scoring.rules.tipping import Happening
from scoring.rules.windows import end_of_day

EVENTS_SHOWN = 5


@dataclass(frozen=True)
class Row:
    """One signal under both clocks. `happenings`: the latest that count for it now."""

    then: Line
    now: Line
    happenings: tuple[Happening, ...]

    @property
    def differs(self) -> bool:
        return (self.then.points, self.then.value) != (self.now.points, self.now.value)


def explanation_context(version: Version, subject_id: int, day: date, *, now: datetime) -> dict[str, Any]:
    """What _explain.html shows for the end of a local day (today: this moment)."""
    as_of = min(end_of_day(day, ZoneInfo(frozen_spec(version).time_zone)), now)
    then, today = explain_then_and_now(version=version, subject_id=subject_id, as_of=as_of)
    reasons = evidence(version=version, subject_id=subject_id, as_of=as_of, limit=EVENTS_SHOWN)
    return {
        "then": then,
        "now": today,
        "rows": _rows(then, today, reasons),
        "shown": shown_at(version.definition, subject_id, as_of),
        "version": version,
        "as_of": as_of,
    }


def _rows(then: Explanation, now: Explanation, reasons: dict[str, list[Happening]]) -> list[Row]:
    """Signals in their order; a cap that binds under one clock only is nothing under the other."""
    before = {(line.key, line.is_cap): line for line in then.lines}
    after = {(line.key, line.is_cap): line for line in now.lines}
    keys = list(dict.fromkeys([*after, *before]))
    return [
        Row(
            before.get(key) or _nothing(after[key]),
            after.get(key) or _nothing(before[key]),
            () if key[1] else tuple(reasons.get(key[0], ())),
        )
        for key in keys
    ]


def _nothing(line: Line) -> Line:
    return Line(**{**line.__dict__, "points": 0})
