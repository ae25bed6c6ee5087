"""Time from sign-up to first PQL."""

from django.utils.translation import gettext as _

from charts import LineChart, Point, Reference, Series, figure, formats
from reports.queries import Arrivals, Lens
from reports.reports.parts import Column, Empty, Figure, Report, Section, Table, percentage, too_few
from reports.reports.question import Question, sign_up_words
from reports.reports.rate import left_out_notes, nobody_signed_up
from reports.stats import LEAST, Curve, kaplan_meier

HOURS = 24
MARKS = (1, 3, 7, 14, 30, 60, 90)  # days of the table
FIGURE_DAYS = (7, 14, 30)
LONGEST = 120  # days drawn
FEWEST_WATCHED = 10  # the curve is drawn as long as so many are still watched


def speed(question: Question, lens: Lens, arrivals: Arrivals) -> Report:
    """Kaplan-Meier's estimate over everybody who signed up in the period, those still without a PQL included."""
    waits, left_out = arrivals.waits, arrivals.left_out
    curve = kaplan_meier(waits.reached, waits.censored)
    notes = left_out_notes(lens, left_out)
    if not curve.total:
        empty: Empty | None = nobody_signed_up(lens, left_out)
    elif curve.total < LEAST:
        empty = Empty(_("Cannot say yet"), _("Sign-ups: %(few)s.") % {"few": too_few(curve.total)})
    else:
        empty = None
    return Report(
        name="speed",
        title=_("Time to PQL"),
        figures=[] if empty else _figures(curve, question),
        sections=[] if empty else [_section(curve, _watched(waits.reached, waits.censored))],
        notes=notes,
        empty=empty,
        words={"sign_up": sign_up_words(lens.definition), "few": FEWEST_WATCHED, "least": LEAST},
        sheet=_sheet(curve) if not empty else _sheet(None),
    )


def _watched(*counts: dict[int, int]) -> dict[int, int]:
    """Day -> how many were watched and had not got there when it began."""
    return {
        day: sum(number for group in counts for hours, number in group.items() if hours > day * HOURS)
        for day in range(LONGEST + 1)
    }


def _figures(curve: Curve, question: Question) -> list[Figure]:
    median, quarter = curve.quantile(0.5), curve.quantile(0.25)
    watched = _("of %(number)s sign-ups, those still waiting included") % {
        "number": formats.number(curve.total)
    }
    figures = [
        Figure(_("Median time to PQL"), duration_text(median), watched, question.rows_url("signed_up"))
    ]
    figures.append(Figure(_("A quarter is there after"), duration_text(quarter), _("25th percentile")))
    for day in FIGURE_DAYS:
        share = curve.reached_by(day * HOURS)
        value = _("Cannot say yet") if share is None else formats.percent(share)
        note = _("nobody was watched for so long") if share is None else _("estimate over everybody")
        figures.append(Figure(_("PQL by day %(day)s") % {"day": day}, value, note))
    return figures


def duration_text(hours: int | None) -> str:
    """Hours as people say them; None is "Not reached"."""
    if hours is None:
        return _("Not reached")
    if hours <= 1:
        return _("within an hour")
    if hours <= 48:
        return _("%(hours)s hours") % {"hours": hours}
    return _("%(days)s days") % {"days": formats.number(round(hours / HOURS, 1))}


def _section(curve: Curve, watched: dict[int, int]) -> Section:
    last = max((day for day in watched if watched[day] >= FEWEST_WATCHED), default=0)
    points = [
        Point(day, share, note=_("%(number)s still waiting") % {"number": watched[day]})
        for day in range(min(last + 1, LONGEST) + 1)
        if (share := curve.reached_by(day * HOURS)) is not None
    ]
    chart = LineChart(
        title=_("Share that has become a PQL, by days since sign-up"),
        series=[Series(_("Became a PQL"), points)],
        references=[Reference(0.5, _("half"))]
        if points and max(float(p.y or 0) for p in points) > 0.3
        else [],
        value_format=formats.percent,
        x_name=_("Days since sign-up"),
    )
    rows = [
        [day, formats.percent(share), formats.number(watched.get(day, 0))]
        for day in MARKS
        if (share := curve.reached_by(day * HOURS)) is not None
    ]
    columns = [Column(_("Day")), Column(_("Became a PQL by then")), Column(_("Still waiting, still watched"))]
    return Section(_("How fast"), chart=figure(chart, heading=False), table=Table(columns, rows))


def _sheet(curve: Curve | None) -> list[list[object]]:
    rows: list[list[object]] = [["hours_since_sign_up", "share_with_pql", "at_risk"]]
    if curve:
        rows += [[tick.time, percentage(1 - tick.waiting), tick.at_risk] for tick in curve.ticks]
    return rows
