"""The reports: queries → aggregates → statistics → what a page, a CSV file and the API show."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from reports.queries import Arrivals, Lens
from reports.reports.conversion import conversion
from reports.reports.funnel import funnel
from reports.reports.health import health
from reports.reports.overview import overview
from reports.reports.parts import Report
from reports.reports.question import Question
from reports.reports.rate import rate
from reports.reports.rows import EXPORTED, PARTS, SHOWN, rows_behind
from reports.reports.speed import speed
from reports.reports.trend import no_definitions, trend

Ask = Callable[[Question], Report]


def _of_arrivals(report: Callable[[Question, Lens, Arrivals], Report]) -> Ask:
    """A report about the sign-ups of the chosen definition, or of the first one."""

    def ask(question: Question) -> Report:
        if not question.definitions:
            return _nothing(report.__name__)
        lens = question.lens()
        return report(question, lens, question.arrivals(lens))

    return ask


def _conversion(question: Question) -> Report:
    """About the first PQLs of the chosen definition, or of the first one."""
    if not question.definitions:
        return _nothing("conversion")
    lens = question.lens()
    alone = replace(question, definitions=(lens.definition,))
    return conversion(question, lens, alone.followed(closely=lens.definition, by_arm=True))


def _health(question: Question) -> Report:
    if not question.definitions:
        return _nothing("health")
    return health(question, question.followed(closely=None))


def _nothing(name: str) -> Report:
    """Where there is no definition, the report says how to begin."""
    return Report(name=name, title="", empty=no_definitions())


ABOUT_ONE: Mapping[str, Ask] = {
    "rate": _of_arrivals(rate),
    "speed": _of_arrivals(speed),
    "conversion": _conversion,
    "funnel": _of_arrivals(funnel),
}
REPORTS: Mapping[str, Ask] = {"overview": overview, "trend": trend, **ABOUT_ONE, "health": _health}

__all__ = [
    "ABOUT_ONE",
    "EXPORTED",
    "PARTS",
    "REPORTS",
    "SHOWN",
    "Question",
    "Report",
    "no_definitions",
    "rows_behind",
    "trend",
]
