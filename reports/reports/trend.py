"""New PQLs over time."""

from collections import Counter
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from charts import LineChart, Point, Series, figure, formats
from reports.queries import NewPqls, new_pqls, open_pqls
from reports.reports.parts import Column, Empty, Figure, Report, Section, Table, text_column
from reports.reports.question import Question

MOST_LINES = 5


def trend(question: Question) -> Report:
    """How many new PQLs there were in each cohort, by definition, or by band where one definition was chosen."""
    chosen = [question.definition] if question.definition else list(question.definitions)
    keys = [definition.pk for definition in chosen]
    found = new_pqls(
        keys,
        edges=question.cohorts.edges,
        band=question.band,
        sees_held_out=question.sees_held_out,
        now=question.now,
    )
    open_now = sum(open_pqls(keys, band=question.band, sees_held_out=question.sees_held_out).values())
    lines = _lines(question, found)
    return Report(
        name="trend",
        title=_("PQLs over time"),
        figures=_figures(question, found, open_now),
        sections=[] if not found else [_section(question, lines)],
        empty=None if found else _empty(question),
        words={"sees_held_out": question.sees_held_out},
        sheet=_sheet(question, found),
    )


def _lines(question: Question, found: list[NewPqls]) -> dict[str, Counter[int]]:
    """Numbers by cohort, for each definition or band; the smallest ones together."""
    names = {definition.pk: str(definition) for definition in question.definitions}
    by_name: dict[str, Counter[int]] = {}
    for item in found:
        name = item.band if question.definition else names[item.definition_id]
        by_name.setdefault(name or _("no band"), Counter())[item.cohort] += item.number
    ranked = sorted(by_name.items(), key=lambda entry: (-entry[1].total(), entry[0]))
    lines = dict(ranked[:MOST_LINES])
    if len(ranked) > MOST_LINES:
        lines[_("All others")] = sum((numbers for _name, numbers in ranked[MOST_LINES:]), Counter())
    return lines


def _section(question: Question, lines: dict[str, Counter[int]]) -> Section:
    days = question.cohorts.first_days
    running = next((day for index, day in enumerate(days) if question.is_running(index)), None)
    chart = LineChart(
        title=_("New PQLs"),
        series=[
            Series(name, [Point(day, numbers[index]) for index, day in enumerate(days)])
            for name, numbers in lines.items()
        ],
        maturing_from=running,
        x_name=_("Beginning"),
    )
    rows = []
    for index in reversed(range(len(days))):
        total = sum(numbers[index] for numbers in lines.values())
        rows.append(
            [
                question.cohort_name(index),
                formats.linked(formats.number(total), _pqls_url(question, index)),
                *(formats.number(numbers[index]) for numbers in lines.values()),
            ]
        )
    columns = [text_column(_("Cohort")), Column(_("New PQLs")), *(Column(name) for name in lines)]
    return Section(_("New PQLs"), chart=figure(chart, heading=False), table=Table(columns, rows))


def _pqls_url(question: Question, cohort: int | None = None) -> str:
    """Our own list where one definition is chosen (it knows the band of entry), else the list of PQLs."""
    if question.definition:
        return question.rows_url("opened", cohort)
    edges = question.cohorts.edges
    start, end = (edges[0], edges[-1]) if cohort is None else (edges[cohort], edges[cohort + 1])
    dates = {"opened_at__gte": start.isoformat(), "opened_at__lt": end.isoformat()}
    return f"{reverse('admin:scoring_qualification_changelist')}?{urlencode(dates)}"


def _figures(question: Question, found: list[NewPqls], open_now: int) -> list[Figure]:
    total = sum(item.number for item in found)
    again = sum(item.number for item in found if item.again)
    held_out = sum(item.number for item in found if item.held_out)
    open_url = f"{reverse('admin:scoring_qualification_changelist')}?state__exact=open"
    if question.definition:
        open_url += f"&definition__id__exact={question.definition.pk}"
    figures = [
        Figure(
            _("New PQLs"),
            formats.number(total),
            _("%(first)s for the first time, %(again)s again")
            % {"first": formats.number(total - again), "again": formats.number(again)},
            _pqls_url(question),
        ),
        Figure(_("Open now"), formats.number(open_now), _("PQLs at this moment"), open_url),
    ]
    if question.sees_held_out and held_out:
        note = _("of the new ones; only admins and analysts see them")
        figures.append(Figure(_("Held out"), formats.number(held_out), note))
    return figures


def _empty(question: Question) -> Empty:
    if question.definitions:
        return Empty(
            _("No PQLs in this period"),
            _("Nobody qualified. Choose a longer period, or look at who is close in the definition."),
            reverse("admin:scoring_definition_changelist"),
            _("Definitions"),
        )
    return no_definitions()


def no_definitions() -> Empty:
    """There is nothing to report on, and where to begin."""
    return Empty(
        _("No definition yet"),
        _("Reports are about definitions. Say what a PQL is, publish it, and its figures appear here."),
        reverse("admin:scoring_definition_add"),
        _("Make a definition"),
    )


def _sheet(question: Question, found: list[NewPqls]) -> list[list[object]]:
    names: dict[UUID, str] = {definition.pk: str(definition) for definition in question.definitions}
    header: list[object] = ["beginning", "definition", "band", "new_pqls", "of_which_again"]
    days = question.cohorts.first_days
    totals: Counter[tuple[int, str, str]] = Counter()
    again: Counter[tuple[int, str, str]] = Counter()
    for item in found:
        key = (item.cohort, names[item.definition_id], item.band)
        totals[key] += item.number
        again[key] += item.number if item.again else 0
    return [
        header,
        *(
            [days[cohort].isoformat(), name, band, number, again[cohort, name, band]]
            for (cohort, name, band), number in sorted(totals.items())
        ),
    ]
