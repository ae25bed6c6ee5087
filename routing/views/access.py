"""Load and authorise in one line at the top of a view: what a user may not see does not exist for them (404)."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from routing.models import Lead
from routing.queries.visible import changeable_leads, held_out_leads, visible_leads
from tenants.access import access_of

PARTS = (
    "business_unit",
    "rep__user",
    "pool",
    "qualification__version",
    "qualification__definition__motion",
    "qualification__definition__business_unit",
)


def get_lead(request: HttpRequest, key: UUID, *, held_out_too: bool = False) -> Lead:
    """A lead this user may see, with what its page needs. Raises Http404."""
    access = access_of(request.user)
    lead = visible_leads(access).filter(pk=key).select_related(*PARTS).first()
    if lead is None and held_out_too:
        lead = held_out_leads(access).filter(pk=key).select_related(*PARTS).first()
    if lead is None:
        raise Http404
    return lead


def get_workable(request: HttpRequest, key: UUID) -> Lead:
    """A lead this user may mark. Raises Http404 or PermissionDenied."""
    lead = get_lead(request, key)
    if not may_work(request, lead):
        raise PermissionDenied
    return lead


def may_work(request: HttpRequest, lead: Lead) -> bool:
    return changeable_leads(access_of(request.user)).filter(pk=lead.pk).exists()
