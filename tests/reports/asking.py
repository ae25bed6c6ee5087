"""Asks a report as a member of the current tenant would."""

from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from reports.reports import Question
from reports.stats import Grain, cut_cohorts
from scoring.models import Definition
from scoring.rules.windows import local_midnight

BERLIN = ZoneInfo("Europe/Berlin")


def ask(
    *definitions: Definition,
    now: datetime,
    first: date,
    last: date | None = None,
    grain: Grain = Grain.MONTH,
    **values: Any,
) -> Question:
    """About the first definition, unless definition=None is given."""
    cohorts = cut_cohorts(first, last or now.date(), grain, midnight=partial(local_midnight, zone=BERLIN))
    defaults = {
        "definition": definitions[0],
        "band": "",
        "window_days": 14,
        "zone": BERLIN,
        "sees_held_out": True,
        "filters": (),
    }
    return Question(definitions=definitions, cohorts=cohorts, now=now, **{**defaults, **values})


def rows(report: Any) -> list[dict[str, object]]:
    """The report's sheet as dictionaries."""
    header, *body = report.sheet
    return [dict(zip(header, row, strict=True)) for row in body]
