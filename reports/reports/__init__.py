"""The reports: queries → aggregates → statistics → what a page, a CSV file and the API show."""

from collections.abc import Callable, Mapping

from reports.queries import Lens
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


def _about_one(report: Callable[[Question, Lens], Report]) -> Ask:
    """A report about the chosen definition, or the first one; where there is none it says how to begin."""

    def ask(question: Question) -> Report:
        if not question.definitions:
            return Report(name=report.__name__, title="", empty=no_definitions())
        return report(question, question.lens())

    return ask


ABOUT_ONE: Mapping[str, Ask] = {ask.__name__: _about_one(ask) for ask in (rate, speed, conversion, funnel)}
REPORTS: Mapping[str, Ask] = {"overview": overview, "trend": trend, **ABOUT_ONE, "health": health}

__all__ = [
    "ABOUT_ONE",
    "EXPORTED",
    "PARTS",
    "REPORTS",
    "SHOWN",
    "Question",
    "Report",
    "conversion",
    "funnel",
    "health",
    "no_definitions",
    "overview",
    "rate",
    "rows_behind",
    "speed",
    "trend",
]
