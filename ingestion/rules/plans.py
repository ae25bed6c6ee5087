"""The plan of an account: what messages say about it, what holds at a moment, and when billing periods begin. Pure."""

import calendar
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.rules.timestamps import parse_instant

PLAN, STATUS = "plan", "status"
TRIAL_START, TRIAL_END, PERIOD_START = "trial_start", "trial_end", "period_start"
FACTS = (PLAN, STATUS, TRIAL_START, TRIAL_END, PERIOD_START)
LONGEST_KEY = 100
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2199, 12, 31)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What products call them.
_STATUS_WORDS = {
    "trial": "trial trialing trialling in_trial on_trial",
    "free": "free freemium",
    "paid": "paid active paying past_due subscribed customer",
    "expired": "expired trial_expired trial_ended unpaid incomplete_expired",
    "cancelled": "cancelled canceled churned deleted",
}
_STATUSES = {word: status for status, words in _STATUS_WORDS.items() for word in words.split()}


@dataclass(frozen=True)
class Rule:
    """One row of ingestion.models.PlanRule."""

    source: str
    name: str
    fact: str = ""
    status: str = ""
    plan_property: str = ""
    trial_days: int | None = None


@dataclass(frozen=True)
class Said:
    """One fact, from when on it holds. value None: it was taken away."""

    fact: str
    value: str | None
    valid_from: datetime
    message_id: str = ""


@dataclass(frozen=True)
class State:
    """The plan of an account at a moment. `status` is empty where nobody said one; a trial whose last day is over has
    expired. `days_left`: of a running trial, 0 on its last day."""

    plan: str = ""
    status: str = ""
    trial_start: date | None = None
    trial_end: date | None = None
    period_start: date | None = None
    days_left: int | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.plan or self.status or self.trial_end)


class Unreadable(ValueError):
    """A value that cannot be what the rule says it is. The message says what to send."""


def read_fact(fact: str, value: Any, zone: ZoneInfo) -> str | None:
    """A value as it is stored; null and "" take the fact away. Raises Unreadable."""
    if value is None or value == "":
        return None
    if fact == PLAN:
        return _read_plan(value)
    if fact == STATUS:
        return _read_status(value)
    return _read_day(value, zone)


def facts_of_event(
    rule: Rule, properties: Mapping[str, Any], ts: datetime, zone: ZoneInfo
) -> dict[str, str | None]:
    """What an event of the rule's name says. A plan that cannot be read is left out."""
    found: dict[str, str | None] = {}
    day = ts.astimezone(zone).date()
    if rule.plan_property and properties.get(rule.plan_property) is not None:
        with suppress(Unreadable):
            found[PLAN] = read_fact(PLAN, properties[rule.plan_property], zone)
    if rule.status:
        found[STATUS] = rule.status
    if rule.status == "trial" and rule.trial_days:
        found[TRIAL_START] = day.isoformat()
        found[TRIAL_END] = (day + timedelta(days=rule.trial_days)).isoformat()
    if rule.status == "paid":
        found[PERIOD_START] = day.isoformat()
    return found


def state_at(said: Iterable[Said], moment: datetime, today: date) -> State:
    """What holds at a moment (exclusive); `today` is the local day of it."""
    latest: dict[str, Said] = {}
    for one in said:
        if one.valid_from >= moment:
            continue
        before = latest.get(one.fact)
        if before is None or _order(one) > _order(before):
            latest[one.fact] = one
    values = {fact: one.value for fact, one in latest.items() if one.value is not None}
    days = {
        fact: date.fromisoformat(values[fact])
        for fact in (TRIAL_START, TRIAL_END, PERIOD_START)
        if fact in values
    }
    status, end = values.get(STATUS, ""), days.get(TRIAL_END)
    left = (end - today).days if end and status == "trial" else None
    if left is not None and left < 0:
        status, left = "expired", None
    return State(
        values.get(PLAN, ""), status, days.get(TRIAL_START), end, days.get(PERIOD_START), days_left=left
    )


def period_start(anchor: date | None, today: date, months: int) -> date:
    """The first day of the period of so many months that today is in, counted from the anchor; without one, periods are
    calendar months (or years). The 31st is the last day of shorter months."""
    if anchor is None:
        return today.replace(day=1) if months == 1 else today.replace(month=1, day=1)
    elapsed = (today.year - anchor.year) * 12 + today.month - anchor.month
    whole = elapsed // months * months
    start = add_months(anchor, whole)
    return start if start <= today else add_months(anchor, whole - months)


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _order(one: Said) -> tuple[datetime, str, bool, str]:
    return one.valid_from, one.message_id, one.value is not None, one.value or ""


def _read_plan(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable("A plan is a text, for example team.")
    text = str(value).strip().lower()
    if not text or len(text) > LONGEST_KEY:
        raise Unreadable(f"A plan has 1 to {LONGEST_KEY} characters.")
    return text


def _read_status(value: Any) -> str:
    word = value.strip().lower().replace(" ", "_").replace("-", "_") if isinstance(value, str) else ""
    if word not in _STATUSES:
        raise Unreadable("A status is trial, free, paid, expired or cancelled (or what Stripe calls them).")
    return _STATUSES[word]


def _read_day(value: Any, zone: ZoneInfo) -> str:
    """A day as it is written; a moment's day in the zone."""
    day = None
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            day = None
    elif (moment := parse_instant(value)) is not None:
        day = moment.astimezone(zone).date()
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise Unreadable("Send a day as 2027-12-31, or a moment as 2027-12-31T09:00:00Z.")
    return day.isoformat()
