"""How every definition is doing, side by side."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from charts import Sparkline, draw, formats
from reports.queries import Followed, pqls_per_span
from reports.queries.health import (
    Answers,
    Scored,
    answers,
    live_versions,
    scored_now,
)
from reports.reports.parts import Column, Report, Section, Table, percentage, text_column
from reports.reports.question import Question
from reports.stats import Grain, Proportion, cut_cohorts
from scoring.models import Definition, Version
from scoring.rules.windows import local_date, local_midnight

DAYS = 30
WEEK = 7


@dataclass(frozen=True)
class Outcomes:
    """First PQLs of a period that did not reach the goal before; mature ones, and how many of those reached it."""

    total: int
    mature: int
    reached: int


def health(question: Question, followed: Iterable[Followed]) -> Report:
    """A row for each definition in scope. 4 queries, whatever their number."""
    facts = _Facts(question, followed)
    return Report(
        name="health",
        title=_("Definition health"),
        sections=[Section(_("All definitions"), table=facts.table())],
        sheet=facts.sheet(),
    )


class _Facts:
    """Everything the table shows, read once."""

    def __init__(self, question: Question, followed: Iterable[Followed]) -> None:
        keys = [row.pk for row in question.definitions]
        period = {"start": question.cohorts.start, "end": question.cohorts.end}
        self.question = question
        self.daily = self._daily(keys)
        self.versions = live_versions(keys)
        self.scored = scored_now(self.versions)
        self.answers = answers(keys, **period)
        self.outcomes = outcomes(followed)

    def _daily(self, keys: list[UUID]) -> dict[UUID, Counter[int]]:
        """New PQLs per day of the last 30 days, by definition."""
        question = self.question
        today = local_date(question.now, question.zone)
        days = cut_cohorts(
            today - timedelta(days=DAYS - 1),
            today,
            Grain.DAY,
            midnight=lambda day: local_midnight(day, question.zone),
        )
        return pqls_per_span(keys, edges=days.edges, sees_held_out=question.sees_held_out, now=question.now)

    def table(self) -> Table:
        columns = [
            text_column(_("Definition")),
            text_column(_("Live")),
            Column(_("PQLs, 7 days")),
            Column(_("PQLs, 30 days")),
            text_column(_("30 days")),
            Column(_("Qualify now")),
            Column(_("Reach the goal")),
            Column(_("Leads accepted")),
            text_column(_("Rejected because")),
            text_column(_("Last scored")),
        ]
        return Table(columns, [self._row(definition) for definition in self.question.definitions])

    def _row(self, definition: Definition) -> list[object]:
        key = definition.pk
        days = self.daily[key]
        reasons = self.answers[key].reasons if key in self.answers else ()
        return [
            formats.linked(str(definition), reverse("admin:scoring_definition_change", args=[key])),
            _live_text(definition, self.versions.get(key)),
            formats.number(_lately(days, WEEK)),
            formats.linked(formats.number(days.total()), self._url("trend", definition, period="30d")),
            draw(
                Sparkline(title=_("New PQLs per day"), values=[days[day] for day in range(DAYS)]), width=120
            ),
            _qualify_text(self.scored.get(key)),
            formats.linked(_goal_text(self.outcomes.get(key)), self._url("conversion", definition)),
            _accepted_text(self.answers.get(key)),
            ", ".join(f"{reason} ({number})" for reason, number in reasons) or "–",
            _moment_text(self.scored.get(key), self.question),
        ]

    def _url(self, name: str, definition: Definition, **more: str) -> str:
        values = dict(self.question.filters) | {"definition": str(definition.pk)} | more
        values.pop("band", None)
        return f"{reverse(f'admin:reports_{name}')}?{urlencode(values)}"

    def sheet(self) -> list[list[object]]:
        header: list[object] = [
            "definition", "live_version", "pqls_7_days", "pqls_30_days", "scored", "qualified", "first_pqls",
            "n_mature", "reached_goal", "goal_rate", "leads", "answered", "accepted", "rejected_because", "last_scored",
        ]  # fmt: skip
        return [header, *(self._sheet_row(definition) for definition in self.question.definitions)]

    def _sheet_row(self, definition: Definition) -> list[object]:
        key = definition.pk
        version = self.versions.get(key)
        scored = self.scored.get(key, Scored(0, 0, None))
        said = self.answers.get(key, Answers(0, 0, 0, ()))
        goal = self.outcomes.get(key, Outcomes(0, 0, 0))
        goal_rate = percentage(Proportion(goal.reached, goal.mature).share)
        reasons = "; ".join(f"{reason} ({number})" for reason, number in said.reasons)
        last = (
            scored.last.astimezone(self.question.zone).isoformat(timespec="seconds") if scored.last else None
        )
        return [
            str(definition), version.number if version else None, _lately(self.daily[key], WEEK),
            self.daily[key].total(), scored.total, scored.qualified, goal.total, goal.mature, goal.reached, goal_rate,
            said.leads, said.answered, said.accepted, reasons, last,
        ]  # fmt: skip


def outcomes(followed: Iterable[Followed]) -> dict[UUID, Outcomes]:
    """Conversion of the first PQLs of each definition."""
    total: Counter[UUID] = Counter()
    mature: Counter[UUID] = Counter()
    reached: Counter[UUID] = Counter()
    for item in followed:
        if not item.was_before:
            total[item.definition_id] += item.number
            mature[item.definition_id] += item.number * item.is_mature
            reached[item.definition_id] += item.number * (item.is_mature and item.has_reached)
    return {key: Outcomes(total[key], mature[key], reached[key]) for key in total}


def _lately(days: Counter[int], number: int) -> int:
    return sum(days[day] for day in range(DAYS - number, DAYS))


def _live_text(definition: Definition, version: Version | None) -> str:
    if definition.archived_at:
        return _("archived")
    return _("not live") if version is None else str(version)


def _qualify_text(scored: Scored | None) -> str:
    if scored is None or not scored.total:
        return "–"
    return _("%(share)s of %(total)s") % {
        "share": formats.percent(scored.qualified / scored.total),
        "total": formats.number(scored.total),
    }


def _goal_text(outcomes: Outcomes | None) -> str:
    share = Proportion(outcomes.reached, outcomes.mature) if outcomes else Proportion(0, 0)
    if share.share is None:
        return _("%(number)s finished: too few") % {"number": share.total}
    return _("%(share)s of %(total)s") % {
        "share": formats.percent(share.share),
        "total": formats.number(share.total),
    }


def _accepted_text(said: Answers | None) -> str:
    if said is None or not said.answered:
        return _("no answers yet")
    return _("%(accepted)s of %(answered)s answered") % {
        "accepted": formats.number(said.accepted),
        "answered": formats.number(said.answered),
    }


def _moment_text(scored: Scored | None, question: Question) -> str:
    if scored is None or scored.last is None:
        return _("never")
    moment: datetime = localtime(scored.last, question.zone)
    return formats.long_moment(moment)
