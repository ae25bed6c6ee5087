"""Figures of the scoring room's pages, from reads to charts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from charts import (
    Bin,
    Histogram,
    HorizontalBars,
    Row,
    ScoreBand,
    Step,
    StepChart,
    Threshold,
    figure,
    formats,
)
from ingestion.queries.matches import still_counted
from scoring.models import Definition, Level, Version
from scoring.queries.held_out import hidden_subjects
from scoring.queries.preview import Preview, preview
from scoring.queries.replays import DayCount
from scoring.queries.subjects import Change
from scoring.rules.spec import BandSpec, Spec
from tenants.access import access_of


def preview_context(request: HttpRequest, draft: Version, spec: Spec) -> dict[str, Any]:
    """What _preview.html shows, without the names of those this user must not know."""
    hidden = hidden_subjects(access_of(request.user), draft.definition.level)
    found = preview(draft, spec, hidden=hidden, now=timezone.now())
    live = Version.objects.filter(definition=draft.definition, state=Version.State.LIVE).first()
    return {
        "definition": draft.definition,
        "preview": found,
        "counting": still_counted(each.action_version_id for each in spec.signals if each.action_version_id),
        "live": live,
        "subjects": subject_words(draft.definition.level),
        "subject_url": subject_url_name(draft.definition.level),
        "enter_heading": _("Who enters"),
        "leave_heading": _("Who leaves"),
        "chart": figure(score_histogram(spec, found), sizes=("narrow", "medium"), heading=False),
    }


def score_histogram(spec: Spec, found: Preview) -> Histogram:
    return Histogram(
        title=_("Scores now"),
        bins=[Bin(item.low / 100, item.high / 100, item.number) for item in found.bins],
        thresholds=[Threshold(spec.enter_threshold / 100, _("PQL from here"))],
        bands=score_bands(spec.bands),
        value_name=_("Points"),
        count_name=_("Accounts") if spec.level == "account" else _("Persons"),
    )


def score_bands(bands: Sequence[BandSpec]) -> list[ScoreBand]:
    """Bands with their upper ends, for charts. `bands` are in falling order."""
    upper: list[float | None] = [None, *(band.minimum / 100 for band in bands)]
    return [ScoreBand(band.name, band.minimum / 100, high) for band, high in zip(bands, upper, strict=False)][
        ::-1
    ]


def contribution_chart(title: str, lines: Iterable[dict[str, Any]]) -> Any:
    """What each signal gave, the largest first. `lines` as stored in a score."""
    rows = sorted((line for line in lines if line["points"]), key=lambda line: -abs(line["points"]))
    return figure(
        HorizontalBars(
            title=title,
            rows=[Row(line["name"], line["points"] / 100, note=_line_note(line)) for line in rows],
            value_format=formats.signed(formats.number),
            label_name=_("Signal"),
            value_name=_("Points"),
        ),
        sizes=("narrow", "medium"),
        heading=False,
    )


def _line_note(line: dict[str, Any]) -> str:
    value = formats.number(float(line["value"]))
    if line["raw"] == line["points"]:
        return _("value %(value)s") % {"value": value}
    return _("value %(value)s, capped from %(raw)s") % {
        "value": value,
        "raw": f"{line['raw'] / 100:g}",
    }


def subject_words(level: int) -> dict[str, str]:
    if level == Level.ACCOUNT:
        return {"one": _("account"), "many": _("accounts")}
    return {"one": _("person"), "many": _("persons")}


def subject_url_name(level: int) -> str:
    """The address of the page of one person or account."""
    return "admin:ingestion_account_change" if level == Level.ACCOUNT else "admin:ingestion_person_change"


def history_chart(definition: Definition, spec: Spec, changes: Sequence[Change], *, until: datetime) -> Any:
    """The score over time, against the bands of the live version. A change of version is said at its place."""
    steps, last = [], None
    for change in changes:
        is_new_version = last is not None and change.version != last
        note = _("version %s") % change.version if is_new_version else ""
        steps.append(Step(timezone.localtime(change.at), change.points / 100, note=note))
        last = change.version
    return figure(
        StepChart(
            title=_("Score over time: %(name)s") % {"name": definition.name},
            steps=steps,
            until=timezone.localtime(until),
            bands=score_bands(spec.bands),
            value_name=_("Points"),
        ),
        heading=False,
    )


def replay_chart(days: Sequence[DayCount]) -> Any:
    """How many qualified at the end of each day."""
    return figure(
        StepChart(
            title=_("Qualified at the end of the day"),
            steps=[Step(item.day, item.qualified, note=_entered(item)) for item in days],
            value_name=_("Qualified"),
        )
    )


def _entered(item: DayCount) -> str:
    return _("%s new") % item.entered if item.entered else ""
