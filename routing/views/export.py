"""Leads as CSV."""

from collections.abc import Iterable, Iterator

from django.http import HttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from routing.models import Lead
from routing.queries.cases import top_reasons
from tenants.csv_file import csv_file


def leads_as_csv(leads: Iterable[Lead]) -> HttpResponse:
    """One line a lead, times in the tenant's zone. Expects definition and rep to be loaded."""
    return csv_file("leads", _rows(leads))


def _rows(leads: Iterable[Lead]) -> Iterator[list[object]]:
    yield [
        _("lead"), _("account"), _("definition"), _("band"), _("score"), _("why"), _("state"), _("came of it"),
        _("why rejected"), _("rep"), _("since"), _("respond by"), _("key"),
    ]  # fmt: skip
    for lead in leads:
        yield _cells(lead)


def _cells(lead: Lead) -> list[object]:
    reasons = top_reasons(lead.qualification.contributions, 3)
    return [
        lead.shown_label,
        lead.shown_account_label,
        str(lead.qualification.definition),
        lead.band,
        f"{lead.points / 100:g}",
        "; ".join(f"{line['name']} {line['points'] / 100:+g}" for line in reasons),
        lead.get_state_display(),
        lead.get_disposition_display() if lead.disposition else "",
        lead.rejection_reason,
        str(lead.rep.user) if lead.rep else "",
        localtime(lead.created_at).isoformat(timespec="minutes"),
        localtime(lead.respond_by).isoformat(timespec="minutes") if lead.respond_by else "",
        str(lead.pk),
    ]
