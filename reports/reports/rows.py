"""The list behind a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from charts import formats
from reports.queries import Lens, SubjectRow, labels, subject_rows
from reports.reports.parts import Table, text_column
from reports.reports.question import Question
from scoring.models import Level

SHOWN = 200
EXPORTED = 50_000

PARTS: Mapping[str, object] = {
    "signed_up": gettext_lazy("Everybody who signed up"),
    "scored": gettext_lazy("Sign-ups that were scored"),
    "pql": gettext_lazy("Sign-ups that became a PQL"),
    "routed": gettext_lazy("PQLs routed to somebody"),
    "accepted": gettext_lazy("PQLs that were accepted"),
    "won": gettext_lazy("PQLs that were won"),
    "mature": gettext_lazy("Finished sign-ups"),
    "reached": gettext_lazy("Finished sign-ups that became a PQL in time"),
    "opened": gettext_lazy("New PQLs"),
    "first": gettext_lazy("First PQLs"),
    "mature_pql": gettext_lazy("Finished first PQLs"),
    "converted": gettext_lazy("Finished first PQLs that reached the goal in time"),
    "before": gettext_lazy("PQLs that had reached the goal before"),
}


@dataclass(frozen=True)
class Rows:
    """Who is counted, the newest first. is_cut: there are more than are shown."""

    title: str
    cohort: str
    table: Table
    sheet: list[list[object]]
    is_cut: bool


def rows_behind(
    question: Question, lens: Lens, *, part: str, cohort: int | None, shows_names: bool, limit: int
) -> Rows:
    """The subjects of a part of one cohort, or of the whole period. Names only for those who may see people."""
    edges = question.cohorts.edges
    start, end = (edges[0], edges[-1]) if cohort is None else (edges[cohort], edges[cohort + 1])
    found = subject_rows(lens, part=part, start=start, end=end, window=question.window, limit=limit + 1)
    shown = found[:limit]
    names = labels(lens.level, [row.subject_id for row in shown]) if shows_names else {}
    listed = [(row, names.get(row.subject_id) or _anonymous(lens.level, row.subject_id)) for row in shown]
    return Rows(
        title=str(PARTS[part]),
        cohort="" if cohort is None else question.cohort_name(cohort),
        table=_table(question, lens, listed, shows_names),
        sheet=_sheet(question, listed),
        is_cut=len(found) > limit,
    )


def _anonymous(level: int, subject_id: int) -> str:
    kind = _("Account") if level == Level.ACCOUNT else _("Person")
    return f"{kind} {subject_id}"


def _table(question: Question, lens: Lens, listed: list[tuple[SubjectRow, str]], shows_names: bool) -> Table:
    columns = [
        text_column(_("Account") if lens.level == Level.ACCOUNT else _("Person")),
        text_column(_("Signed up")),
        text_column(_("PQL")),
        text_column(_("Band")),
        text_column(_("Reached the goal")),
        text_column(_("Lead")),
    ]
    page = (
        "admin:ingestion_account_change" if lens.level == Level.ACCOUNT else "admin:ingestion_person_change"
    )
    rows = [
        [
            formats.linked(name, reverse(page, args=[row.subject_id]) if shows_names else ""),
            _moment(row.signed_up_at, question),
            formats.linked(
                _moment(row.pql_at, question), _link("admin:scoring_qualification_change", row.pql_id)
            ),
            row.band or "–",
            _moment(row.reached_at, question),
            formats.linked(
                _("Open") if row.lead_id else "–", _link("admin:routing_lead_change", row.lead_id)
            ),
        ]
        for row, name in listed
    ]
    return Table(columns, rows)


def _link(page: str, key: UUID | None) -> str:
    return reverse(page, args=[key]) if key else ""


def _moment(moment: datetime | None, question: Question) -> str:
    return formats.long_moment(moment.astimezone(question.zone)) if moment else "–"


def _sheet(question: Question, listed: list[tuple[SubjectRow, str]]) -> list[list[object]]:
    def local(moment: datetime | None) -> str | None:
        return moment.astimezone(question.zone).isoformat(timespec="seconds") if moment else None

    header: list[object] = ["id", "name", "signed_up_at", "pql_at", "band", "reached_goal_at", "pql", "lead"]
    rows: list[list[object]] = [
        [row.subject_id, name, local(row.signed_up_at), local(row.pql_at), row.band, local(row.reached_at),
         str(row.pql_id or ""), str(row.lead_id or "")]
        for row, name in listed
    ]  # fmt: skip
    return [header, *rows]
