"""The page of one PQL: why it opened, what happened since, and who it is."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ingestion.queries import subject_labels
from scoring.models import Qualification
from scoring.queries.held_out import visible_pqls
from scoring.queries.subjects import episode_events
from scoring.views.panels import contribution_chart, subject_url_name
from tenants.access import access_of
from tenants.console import page


def show_qualification(request: HttpRequest, key: UUID) -> HttpResponse:
    rows = visible_pqls(access_of(request.user)).select_related("definition__business_unit", "version")
    pql = rows.filter(pk=key).first()
    if pql is None:
        raise Http404
    label = subject_labels(pql.subject_kind, [pql.subject_id]).get(pql.subject_id, f"#{pql.subject_id}")
    context = {
        "pql": pql,
        "label": label,
        "url_name": subject_url_name(pql.subject_kind),
        "events": episode_events(pql),
        "reasons": contribution_chart(_("Why"), pql.contributions),
        "title": label,
        "opts": Qualification._meta,
    }
    return page(request, "scoring/qualification.html", context)
