"""What this room holds about a person or an account."""

from django.utils.translation import gettext_lazy as _

from routing.models import Lead
from tenants.personal import OF_SUBJECTS, Holding, Scope

_OF_LEADS = (
    "t.lead_id IN (SELECT l.id FROM routing_lead l WHERE l.tenant_id = %(tenant_id)s AND "
    + OF_SUBJECTS.replace("t.", "l.")
    + ")"
)
_OF_QUALIFICATIONS = (
    "t.qualification_id IN (SELECT q.id FROM scoring_qualification q WHERE q.tenant_id = %(tenant_id)s AND "
    + OF_SUBJECTS.replace("t.", "q.")
    + ")"
)

HOLDINGS = [
    Holding("routing_leadevent", _("what happened to leads, dispositions"), _OF_LEADS, is_appended=True),
    Holding("routing_routingfailure", _("PQLs that could not be routed"), _OF_QUALIFICATIONS),
    Holding("routing_lead", _("leads"), OF_SUBJECTS),
]


def leads_of(scope: Scope) -> tuple[str, ...]:
    """The keys of their leads. 2 queries."""
    persons = Lead.objects.filter(subject_kind=1, subject_id__in=scope.persons)
    accounts = Lead.objects.filter(subject_kind=2, subject_id__in=scope.accounts)
    return tuple(str(pk) for rows in (persons, accounts) for pk in rows.values_list("pk", flat=True))
