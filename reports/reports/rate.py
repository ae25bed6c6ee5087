"""PQL rate: which share of those who sign up become a PQL soon after."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charts import LineChart, Point, Series, figure, formats
from reports.queries import Arrivals, LeftOut, Lens, SignUps
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
from reports.reports.question import Question, sign_up_words, subjects
from reports.stats import LEAST, Proportion


def rate(question: Question, lens: Lens, arrivals: Arrivals) -> Report:
    """Sign-ups with a first PQL within W days, of those who signed up at least W days ago, by day of the sign-up."""
    cohorts, left_out = arrivals.cohorts, arrivals.left_out
    overall = sum((_share(cohort) for cohort in cohorts), Proportion(0, 0))
    total = sum(cohort.total for cohort in cohorts)
    return Report(
        name="rate",
        title=_("PQL rate"),
        figures=_figures(question, overall, total),
        sections=[_section(question, cohorts)] if cohorts else [],
        notes=left_out_notes(lens, left_out),
        empty=None if cohorts else nobody_signed_up(lens, left_out),
        words=_words(question, lens),
        sheet=_sheet(question, cohorts),
    )


def _share(cohort: SignUps) -> Proportion:
    return Proportion(cohort.reached, cohort.mature)


def _figures(question: Question, overall: Proportion, total: int) -> list[Figure]:
    window = question.window_days
    finished = _("%(mature)s of %(total)s signed up at least %(days)s days ago") % {
        "mature": formats.number(overall.total), "total": formats.number(total), "days": window,
    }  # fmt: skip
    return [
        Figure(
            _("PQL rate within %(days)s days") % {"days": window},
            share_text(overall),
            interval_text(overall),
            question.rows_url("reached"),
        ),
        Figure(_("Finished sign-ups"), formats.number(overall.total), finished, question.rows_url("mature")),
    ]


def _section(question: Question, cohorts: list[SignUps]) -> Section:
    young = next((item.cohort for item in cohorts if item.mature < item.total), None)
    days = question.cohorts.first_days
    chart = LineChart(
        title=_("PQL rate by sign-up"),
        series=[Series(_("PQL rate"), [_point(question, item) for item in cohorts])],
        maturing_from=None if young is None else days[young],
        value_format=formats.percent,
        x_name=_("Signed up"),
        empty_text=_("No cohort has %(least)s finished sign-ups yet: choose weeks or months.")
        % {"least": LEAST},
    )
    columns = [
        text_column(_("Signed up")),
        Column(_("Finished")),
        Column(_("Sign-ups")),
        Column(_("PQL in time")),
        Column(_("Rate")),
        Column(_("Likely range (95%)")),
    ]
    return Section(
        _("By sign-up"),
        chart=figure(chart, heading=False),
        table=Table(columns, [_row(question, item) for item in reversed(cohorts)]),
    )


def _point(question: Question, cohort: SignUps) -> Point:
    share = _share(cohort)
    low, high = share.interval or (None, None)
    day = question.cohorts.first_days[cohort.cohort]
    note = _("%(mature)s of %(total)s finished") % {"mature": cohort.mature, "total": cohort.total}
    href = question.rows_url("reached", cohort.cohort) if share.is_enough else ""
    return Point(day, share.share, low, high, href=href, note=note)


def _row(question: Question, cohort: SignUps) -> list[object]:
    share, number = _share(cohort), formats.number
    return [
        question.cohort_name(cohort.cohort),
        formats.linked(number(cohort.mature), question.rows_url("mature", cohort.cohort)),
        formats.linked(number(cohort.total), question.rows_url("signed_up", cohort.cohort)),
        formats.linked(number(cohort.reached), question.rows_url("reached", cohort.cohort)),
        "–" if share.share is None else formats.percent(share.share),
        interval_text(share),
    ]


def left_out_notes(lens: Lens, left_out: LeftOut) -> list[str]:
    """Who is in no figure, and why."""
    notes = []
    if left_out.too_early:
        notes.append(
            ngettext(
                "%(number)s sign-up came before the definition went live and is left out.",
                "%(number)s sign-ups came before the definition went live and are left out.",
                left_out.too_early,
            )
            % {"number": formats.number(left_out.too_early)}
        )
    if left_out.pql_before:
        notes.append(
            ngettext(
                "%(number)s was a PQL before the sign-up and is left out.",
                "%(number)s were PQLs before the sign-up and are left out.",
                left_out.pql_before,
            )
            % {"number": formats.number(left_out.pql_before)}
        )
    return notes


def nobody_signed_up(lens: Lens, left_out: LeftOut) -> Empty:
    """No sign-up to count, and what to do."""
    link = reverse("admin:scoring_definition_change", args=[lens.definition.pk])
    if lens.live_since is None:
        text = _("This definition has not been published, so nobody could become a PQL. Publish it first.")
        return Empty(_("Not live yet"), text, link, _("Open the definition"))
    if left_out.too_early:
        text = _("Everybody in this period signed up before the definition went live. Wait for new sign-ups, or run a "
                 "replay to see what it would have done on your history.")  # fmt: skip
        return Empty(_("Cannot say yet"), text, reverse("admin:scoring_replayrun_changelist"), _("Replays"))
    text = _("A sign-up is %(sign_up)s. Choose a longer period, or check the start action of the motion.")
    motion = reverse("admin:scoring_motion_change", args=[lens.definition.motion_id])
    return Empty(
        _("Nobody signed up in this period"),
        text % {"sign_up": sign_up_words(lens.definition)},
        motion,
        _("Open the motion"),
    )


def _words(question: Question, lens: Lens) -> dict[str, object]:
    return {
        "subjects": subjects(lens.definition),
        "sign_up": sign_up_words(lens.definition),
        "days": question.window_days,
        "least": LEAST,
        "sees_held_out": question.sees_held_out,
    }


def _sheet(question: Question, cohorts: list[SignUps]) -> list[list[object]]:
    header: list[object] = [
        "signed_up", "n_total", "n_mature", "pql_in_time", "rate", "low", "high",
    ]  # fmt: skip
    rows: list[list[object]] = []
    for item in cohorts:
        share = _share(item)
        low, high = share.interval or (None, None)
        day = question.cohorts.first_days[item.cohort].isoformat()
        rows.append(
            [
                day,
                item.total,
                item.mature,
                item.reached,
                percentage(share.share),
                percentage(low),
                percentage(high),
            ]
        )
    return [header, *rows]
