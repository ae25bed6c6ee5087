"""Which leads a user may see and change. Every list, page, export and count of leads starts here.

A held-out lead is in none of them: whoever knows of it could treat it. It shows on the holdout's page, to those whose
role sees held-out leads in its unit.
"""

from django.db.models import Q, QuerySet

from routing.models import Lead
from tenants.access import MATRIX, Access, Area, Level
from tenants.models import Role


def visible_leads(access: Access) -> QuerySet[Lead]:
    """Leads this user may see: a rep their own, everybody else those of their units."""
    rows: QuerySet[Lead] = Lead.objects.exclude(state=Lead.State.HELD_OUT).filter(_mine(access, Level.VIEW))
    return rows


def held_out_leads(access: Access) -> QuerySet[Lead]:
    """Held-out leads, for corporate admins and analysts of their units."""
    mine = access.sees_held_out_at("business_unit__path")
    rows: QuerySet[Lead] = Lead.objects.filter(mine, state=Lead.State.HELD_OUT)
    return rows


def changeable_leads(access: Access) -> QuerySet[Lead]:
    """Leads this user may mark."""
    rows: QuerySet[Lead] = Lead.objects.exclude(state=Lead.State.HELD_OUT).filter(_mine(access, Level.CHANGE))
    return rows


def may_hand_on(access: Access, lead: Lead) -> bool:
    """True for those who lead reps in this unit; a rep keeps what they were given."""
    path = lead.business_unit.path
    return any(
        grant.role != Role.REP
        and MATRIX[grant.role][Area.LEADS] >= Level.CHANGE
        and path.startswith(grant.unit_path)
        for grant in access.grants
    )


def may_release(access: Access, lead: Lead) -> bool:
    """Only a corporate admin lets a held-out lead go."""
    path = lead.business_unit.path
    return any(
        grant.role == Role.CORPORATE_ADMIN and path.startswith(grant.unit_path) for grant in access.grants
    )


def _mine(access: Access, level: Level) -> Q:
    mine = Q(pk__in=[])
    for grant in access.grants:
        if grant.role == Role.REP:
            mine |= Q(rep_id=grant.membership_id)
        elif MATRIX[grant.role][Area.LEADS] >= level:
            mine |= Q(business_unit__path__startswith=grant.unit_path)
    return mine
