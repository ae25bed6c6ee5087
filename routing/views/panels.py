"""The lead page's drawings and tables, ready for its template."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from charts import HorizontalBars, Row, Step, StepChart, figure
from routing.models import Lead
from routing.queries.lead_page import LeadPage
from routing.rules.dispositions import NEXT, Said
from scoring.views.panels import score_bands

TRAITS_SHOWN = 8
WEIGHTY_TRAITS = ("title", "job_title", "role", "plan", "industry", "employees", "seats", "country", "source")
SHOWN_ELSEWHERE = {"name", "email", "firstname", "lastname", "username", "avatar", "createdat", "id"}
REJECTION_REASONS = (
    "Not the right person",
    "Too small",
    "Student or private use",
    "Already a customer",
    "Competitor",
    "Bad timing",
    "Wrong contact data",
)


def why_chart(page: LeadPage) -> str:
    """Each signal's points now; what made the lead, when there is no score any more."""
    lines = page.now.contributions if page.now else page.lead.qualification.contributions
    weighing = sorted((line for line in lines if line.get("points")), key=lambda line: -line["points"])
    rows = [Row(line["name"], line["points"] / 100, note=_count_note(line)) for line in weighing]
    chart = HorizontalBars(
        title=_("What gives the points"),
        rows=rows,
        value_format=signed,
        label_name=_("Signal"),
        value_name=_("Points"),
        empty_text=_("No signal gives points at the moment"),
    )
    return figure(chart, sizes=("narrow", "medium"), heading=False)


def history_chart(page: LeadPage, *, now: datetime) -> str:
    """The score over time against its bands; "" with fewer than two changes."""
    if len(page.changes) < 2:
        return ""
    steps = [Step(localtime(change.at), change.points / 100) for change in page.changes]
    chart = StepChart(
        title=_("Score over time"),
        steps=steps,
        until=max(localtime(now), steps[-1].x),  # type: ignore[type-var]
        bands=score_bands(page.spec.bands),
    )
    return figure(chart, sizes=("narrow", "medium"), heading=False)


def signed(points: float) -> str:
    """20.0 -> "+20"."""
    return f"{points:+g}".replace("-", "−")


def shown_traits(traits: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The traits that say most about somebody, then the others, without those the page shows anyway."""
    weighty = [name for name in WEIGHTY_TRAITS if name in traits]
    others = [name for name in sorted(set(traits) - set(weighty)) if _plain(name) not in SHOWN_ELSEWHERE]
    values = [(name, traits[name]) for name in [*weighty, *others]]
    told = [
        (name, value)
        for name, value in values
        if value not in (None, "") and not isinstance(value, dict | list)
    ]
    return [(_spaced(name), str(value)) for name, value in told[:TRAITS_SHOWN]]


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()


def _spaced(name: str) -> str:
    """ "signupSource" and "signup_source" -> "signup source"."""
    parted = "".join(f" {char.lower()}" if char.isupper() else char for char in name)
    return parted.replace("_", " ").strip()


def next_dispositions(lead: Lead) -> Sequence[tuple[str, str]]:
    """(value, label) of what may be said now, rejecting aside: that asks for a reason."""
    allowed = NEXT[Said(lead.disposition)]
    labels = {said: str(Lead.Disposition(said).label) for said in allowed} | {Said.ACCEPTED: _("Accept")}
    return [(said.value, labels[said]) for said in allowed if said != Said.REJECTED]


def may_reject(lead: Lead) -> bool:
    return Said.REJECTED in NEXT[Said(lead.disposition)]


def _count_note(line: Mapping[str, Any]) -> str:
    value = str(line.get("value", ""))
    return _("%(value)s times") % {"value": value} if value not in ("", "1", "1.0", "true") else ""
