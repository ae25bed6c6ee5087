"""PQL to goal, by cohort of the first PQL."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charts import Cell, Cohort, CohortGrid, LineChart, Point, Series, figure, formats
from reports.queries import Followed, Lens
from reports.reports.parts import (
    Column,
    Empty,
    Figure,
    Report,
    Section,
    Table,
    interval_text,
    percentage,
    share_text,
    text_column,
)
from reports.reports.question import Question, subjects
from reports.stats import LEAST, Curve, Proportion, kaplan_meier

AGES = (1, 3, 7, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True)
class Group:
    """First PQLs that can convert, counted together. share: of those whose window has finished. curve: of all, by day
    of the window (the first is 1); youngest: whole days for which the youngest one has been watched, if any has not
    finished."""

    total: int
    share: Proportion
    curve: Curve
    youngest: int | None

    def estimate(self, window: int) -> float | None:
        """1 - Kaplan-Meier over everybody, at the end of the window; None when too few or nobody watched so long."""
        return self.curve.reached_by(window) if self.total >= LEAST else None


def conversion(question: Question, lens: Lens, followed: Iterable[Followed]) -> Report:
    """First PQLs of each subject that reached the motion's goal within its window, of those whose window is over."""
    found = [item for item in followed if item.definition_id == lens.definition.pk]
    found = [item for item in found if lens.band in ("", item.band)]
    able = [item for item in found if not item.was_before]
    before = sum(item.number for item in found if item.was_before)
    overall = group(able)
    cohorts = group_by(able, lambda item: item.cohort)
    sections = [_cohort_section(question, lens, cohorts), _grid_section(question, lens, cohorts)]
    if not lens.band:
        sections.append(_band_section(able))
    if question.sees_held_out:
        sections.append(_held_out_section(able))
    return Report(
        name="conversion",
        title=_("PQL to goal"),
        figures=_figures(question, lens, overall),
        sections=sections if able else [],
        notes=_notes(question, before),
        empty=None if able else _empty(),
        words=_words(lens),
        sheet=_sheet(question, lens, able),
    )


def group(items: Iterable[Followed]) -> Group:
    """Add up first PQLs that were not converted before."""
    items = list(items)
    reached: Counter[int] = Counter()
    censored: Counter[int] = Counter()
    for item in items:
        if item.has_reached:
            reached[item.days + 1] += item.number
        else:
            censored[item.days] += item.number
    share = Proportion(
        sum(item.number for item in items if item.is_mature and item.has_reached),
        sum(item.number for item in items if item.is_mature),
    )
    watched = [item.days for item in items if not item.is_mature and not item.has_reached]
    total = sum(item.number for item in items)
    return Group(total, share, kaplan_meier(reached, censored), min(watched, default=None))


def group_by(items: Iterable[Followed], key: Callable[[Followed], Any]) -> dict[Any, Group]:
    parts: dict[Any, list[Followed]] = defaultdict(list)
    for item in items:
        parts[key(item)].append(item)
    return {name: group(part) for name, part in parts.items()}


def _figures(question: Question, lens: Lens, overall: Group) -> list[Figure]:
    window = lens.goal_days
    estimate = overall.estimate(window)
    finished = _("%(mature)s of %(total)s first PQLs are at least %(days)s days old") % {
        "mature": formats.number(overall.share.total), "total": formats.number(overall.total), "days": window,
    }  # fmt: skip
    return [
        Figure(
            _("Reached the goal within %(days)s days") % {"days": window},
            share_text(overall.share),
            interval_text(overall.share),
            question.rows_url("converted"),
        ),
        Figure(
            _("Finished PQLs"),
            formats.number(overall.share.total),
            finished,
            question.rows_url("mature_pql"),
        ),
        Figure(
            _("Estimate with everybody"),
            _("Cannot say yet") if estimate is None else formats.percent(estimate),
            _("young PQLs included, as an estimate (1 − Kaplan–Meier)"),
            question.rows_url("first"),
        ),
    ]


def _cohort_section(question: Question, lens: Lens, cohorts: dict[int, Group]) -> Section:
    days, keys = question.cohorts.first_days, sorted(cohorts)
    young = next((key for key in keys if cohorts[key].share.total < cohorts[key].total), None)
    so_far = [
        _so_far(days[key], cohorts[key], lens.goal_days) for key in keys if young is not None and key >= young
    ]
    series = [Series(_("Finished"), [_finished(question, key, cohorts[key]) for key in keys])]
    if any(point.y is not None for point in so_far):
        series.append(Series(_("Estimate so far"), so_far))
    chart = LineChart(
        title=_("Conversion by first PQL"),
        series=series,
        maturing_from=None if young is None else days[young],
        value_format=formats.percent,
        x_name=_("First PQL"),
        empty_text=_("No cohort has %(least)s finished PQLs yet: choose months, or wait.") % {"least": LEAST},
    )
    columns = [
        text_column(_("First PQL")),
        Column(_("Finished")),
        Column(_("First PQLs")),
        Column(_("Reached the goal")),
        Column(_("Rate")),
        Column(_("Likely range (95%)")),
        text_column(_("State")),
    ]
    rows = [_cohort_row(question, key, cohorts[key]) for key in reversed(keys)]
    return Section(
        _("By cohort of the first PQL"), chart=figure(chart, heading=False), table=Table(columns, rows)
    )


def _finished(question: Question, key: int, cohort: Group) -> Point:
    """A cohort that is not all finished is drawn dotted; only its finished part counts."""
    low, high = cohort.share.interval or (None, None)
    note = _("%(mature)s of %(total)s finished") % {"mature": cohort.share.total, "total": cohort.total}
    href = question.rows_url("converted", key) if cohort.share.is_enough else ""
    return Point(question.cohorts.first_days[key], cohort.share.share, low, high, href=href, note=note)


def _so_far(day: Any, cohort: Group, window: int) -> Point:
    """What the cohort has reached by the longest day that anybody in it was watched."""
    horizon = min(cohort.curve.horizon, window)
    share = cohort.curve.reached_by(horizon) if cohort.total >= LEAST and horizon else None
    return Point(day, share, note=_("by day %(day)s of %(window)s") % {"day": horizon, "window": window})


def _cohort_row(question: Question, key: int, cohort: Group) -> list[object]:
    state = _("finished") if cohort.share.total == cohort.total else _("still maturing")
    number = formats.number
    return [
        question.cohort_name(key),
        formats.linked(number(cohort.share.total), question.rows_url("mature_pql", key)),
        formats.linked(number(cohort.total), question.rows_url("first", key)),
        formats.linked(number(cohort.share.count), question.rows_url("converted", key)),
        "–" if cohort.share.share is None else formats.percent(cohort.share.share),
        interval_text(cohort.share),
        state,
    ]


def _grid_section(question: Question, lens: Lens, cohorts: dict[int, Group]) -> Section:
    ages = [*(age for age in AGES if age < lens.goal_days), lens.goal_days]
    grid = CohortGrid(
        title=_("Share that reached the goal, by days since the first PQL"),
        columns=[_("Day %(day)s") % {"day": age} for age in ages],
        cohorts=[
            Cohort(
                question.cohort_name(key),
                [_age_cell(cohorts[key], age) for age in ages],
                size=formats.number(cohorts[key].total),
                href=question.rows_url("first", key),
            )
            for key in sorted(cohorts)[-26:]
        ],
        cohort_name=_("First PQL"),
        size_name=_("First PQLs"),
        empty_text=_("No cohort has %(least)s first PQLs: choose weeks or months.") % {"least": LEAST},
    )
    text = _("Hatched: not everybody in the cohort has been watched for so long, so the value is an estimate that can "
             "still change.")  # fmt: skip
    return Section(_("How a cohort grows"), [text], chart=figure(grid, heading=False))


def _age_cell(cohort: Group, age: int) -> Cell:
    if cohort.total < LEAST:
        return Cell(None, note=_("fewer than %(least)s") % {"least": LEAST})
    is_complete = cohort.youngest is None or cohort.youngest >= age
    return Cell(cohort.curve.reached_by(age), mature=is_complete)


def _band_section(able: list[Followed]) -> Section:
    bands = group_by(able, lambda item: item.band)
    return Section(
        _("By band"),
        [_("The band in which the PQL entered.")],
        table=_share_table(_("Band"), sorted(bands.items(), key=lambda entry: -entry[1].total)),
    )


def _share_table(name: str, groups: Iterable[tuple[str, Group]]) -> Table:
    columns = [
        text_column(name),
        Column(_("First PQLs")),
        Column(_("Still maturing")),
        Column(_("Finished")),
        Column(_("Reached the goal")),
        Column(_("Rate")),
        Column(_("Likely range (95%)")),
    ]
    number = formats.number
    rows = [
        [
            label or _("no band"),
            number(part.total),
            number(part.total - part.share.total),
            number(part.share.total),
            number(part.share.count),
            "–" if part.share.share is None else formats.percent(part.share.share),
            interval_text(part.share),
        ]
        for label, part in groups
    ]
    return Table(columns, rows)


def _held_out_section(able: list[Followed]) -> Section:
    """Two rates side by side, for admins and analysts; no lift and no verdict from here."""
    arms = group_by(able, lambda item: item.arm)
    held, worked = arms.get("held out"), arms.get("worked")
    heading = _("Of which held out")
    if held is None or worked is None:
        return Section(
            heading,
            [_("No holdout has assigned these PQLs, so nobody can say what acting on them brought. Start a holdout: it "
               "leaves a random share alone.")],
        )  # fmt: skip
    titles = [(_("Held out"), held), (_("Worked"), worked)]
    return Section(heading, _not_a_verdict(held, worked), table=_share_table(_("Group"), titles))


def _not_a_verdict(held: Group, worked: Group) -> list[str]:
    finished, total = held.share.total + worked.share.total, held.total + worked.total
    words = {"finished": formats.number(finished), "total": formats.number(total)}
    closing = _("As assigned: a lead that was released from the holdout stays in its group here. Leads of people who "
                "were assigned to both groups are in neither.")  # fmt: skip
    if not held.share.is_enough or not worked.share.is_enough:
        text = _("Not enough data yet. %(finished)s of %(total)s leads have finished their window. Anything shown now "
                 "may change.") % words  # fmt: skip
        return [text, closing]
    words |= {"worked": share_text(worked.share), "held": share_text(held.share)}
    text = _("Contacted leads converted at %(worked)s, those left alone at %(held)s. This is not yet a verdict: "
             "%(finished)s of %(total)s leads have finished their window, and two rates side by side do not say how "
             "much of the difference is chance.") % words  # fmt: skip
    return [text, closing]


def _notes(question: Question, before: int) -> list[str]:
    if not before:
        return []
    text = ngettext(
        "%(number)s had reached the goal before becoming a PQL and is left out.",
        "%(number)s had reached the goal before becoming PQLs and are left out.",
        before,
    )
    return [text % {"number": formats.number(before)}]


def _empty() -> Empty:
    return Empty(
        _("No first PQLs in this period"),
        _("Conversion needs PQLs first. Choose a longer period, or check the definition."),
        reverse("admin:scoring_definition_changelist"),
        _("Definitions"),
    )


def _words(lens: Lens) -> dict[str, object]:
    motion = lens.definition.motion
    return {
        "goal": motion.goal_action.name,
        "days": lens.goal_days,
        "least": LEAST,
        "subjects": subjects(lens.definition),
        "motion": motion.name,
    }


def _sheet(question: Question, lens: Lens, able: list[Followed]) -> list[list[object]]:
    header: list[object] = [
        "first_pql", "band", "n_total", "n_mature", "reached", "rate", "low", "high", "window_days",
    ]  # fmt: skip
    rows: list[list[object]] = []
    for (cohort, band), part in sorted(group_by(able, lambda item: (item.cohort, item.band)).items()):
        low, high = part.share.interval or (None, None)
        shares = [percentage(value) for value in (part.share.share, low, high)]
        day = question.cohorts.first_days[cohort].isoformat()
        rows.append([day, band, part.total, part.share.total, part.share.count, *shares, lens.goal_days])
    return [header, *rows]
