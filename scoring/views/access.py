"""Load and authorise in one line at the top of a view: what a user may not see does not exist for them (404); what they
may see but not change is refused (403)."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from scoring.models import Definition, Motion, Version
from tenants.access import Area
from tenants.console import find_visible


def get_definition(request: HttpRequest, key: UUID, *, change: bool = False) -> Definition:
    """The definition, with its unit and motion. Raises Http404 or PermissionDenied."""
    rows = Definition.objects.select_related("business_unit", "motion")
    definition = find_visible(request, rows, Area.DEFINITIONS, key)
    if change and not may_change(request, definition):
        raise PermissionDenied
    return definition


def get_draft(request: HttpRequest, key: UUID) -> Version:
    """The draft of a definition this user may change. Raises Http404 when there is none."""
    definition = get_definition(request, key, change=True)
    draft = Version.objects.filter(definition=definition, state=Version.State.DRAFT).first()
    if draft is None:
        raise Http404
    draft.definition = definition
    return draft


def may_change(request: HttpRequest, definition: Definition) -> bool:
    return bool(request.user.has_perm("scoring.change_definition", definition))  # type: ignore[union-attr]


def motions_for(definition: Definition) -> QuerySet[Motion]:
    """Motions that a definition of this unit may serve: the unit's own and those of the units above it."""
    return Motion.objects.filter(business_unit_id__in=definition.business_unit.lineage).order_by("name")
