"""The reports at a glance."""

from dataclasses import replace

from django.utils.translation import gettext as _

from reports.reports.conversion import conversion
from reports.reports.funnel import funnel
from reports.reports.health import health
from reports.reports.parts import Figure, Report
from reports.reports.question import Question
from reports.reports.rate import rate
from reports.reports.speed import speed
from reports.reports.trend import no_definitions, trend


def overview(question: Question) -> Report:
    """The first figure of every report, the course of new PQLs, and how each definition is doing."""
    if not question.definitions:
        return Report(name="overview", title=_("Reports"), empty=no_definitions())
    lens = question.lens()
    over_time = trend(question)
    arrivals, followed = question.arrivals(lens), question.followed(closely=lens.definition)
    parts = [over_time, rate(question, lens, arrivals), speed(question, lens, arrivals)]
    parts.append(conversion(question, lens, followed))
    won = funnel(question, lens, arrivals).figures[-1]
    figures = [_headline(part, question) for part in parts]
    figures.append(Figure(won.label, won.value, _("of those who signed up"), question.report_url("funnel")))
    table = health(question, followed)
    return Report(
        name="overview",
        title=_("Reports"),
        figures=figures,
        sections=[*(replace(part, table=None) for part in over_time.sections), *table.sections],
        notes=[] if question.definition else [_about(str(lens.definition))],
        words=over_time.words,
        sheet=table.sheet,
    )


def _headline(report: Report, question: Question) -> Figure:
    if report.figures and not report.empty:
        first = report.figures[0]
        return Figure(first.label, first.value, first.note, question.report_url(report.name))
    reason = report.empty.title if report.empty else ""
    return Figure(report.title, _("Cannot say yet"), reason, question.report_url(report.name))


def _about(name: str) -> str:
    return _("PQL rate, time, goal and won are about “%(name)s”. Choose a definition to see another.") % {
        "name": name
    }
