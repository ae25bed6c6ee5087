"""Works out anew which traits hold, after the order of origins was changed, in slices that a killed worker's successor
goes on with."""

from datetime import datetime

from django.db import transaction

from ingestion.models import PrecedenceSweep, TraitValue
from ingestion.operations.domain_accounts import place_by_domain
from ingestion.operations.locks import lock_history
from ingestion.operations.marks import exclusion_rules, mark_accounts_again, mark_persons_again
from ingestion.operations.touched import ACCOUNT, PERSON, touch
from ingestion.operations.traits import show_accounts, show_persons
from ingestion.queries.sql import fetch
from tenants.context import current_tenant_id
from tenants.queries import get_tenant

SLICE = 2_000  # subjects of one transaction
Subject = TraitValue.Subject

_NEXT = """
SELECT subject_id, array_agg(DISTINCT name) FROM ingestion_traitvalue
WHERE tenant_id = %(tenant_id)s AND subject_kind = %(kind)s AND subject_id > %(after)s AND (origin > 0 OR is_shadowed)
GROUP BY subject_id ORDER BY subject_id LIMIT %(limit)s
"""
_PERSONS = """
SELECT id, person_id FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::bigint[])
"""


@transaction.atomic
def sort_traits_out(*, now: datetime) -> bool:
    """Do the next slice of the current tenant's sweep. Returns whether there is more."""
    lock_history()
    sweep = PrecedenceSweep.objects.select_for_update().first()
    if sweep is None:
        return False
    told = fetch(_NEXT, kind=sweep.subject_kind, after=sweep.done_id, limit=SLICE)
    _show(sweep.subject_kind, {id: set(names) for id, names in told}, now)
    if len(told) == SLICE:
        sweep.done_id = told[-1][0]
    elif sweep.subject_kind == Subject.IDENTITY:
        sweep.subject_kind, sweep.done_id = Subject.ACCOUNT, 0
    else:
        sweep.delete()
        return False
    sweep.subjects_done += len(told)
    sweep.save()
    return True


def _show(kind: int, names: dict[int, set[str]], now: datetime) -> None:
    if not names:
        return
    rules = exclusion_rules()
    if kind == Subject.ACCOUNT:
        touched = {(ACCOUNT, id) for id in names} | mark_accounts_again(show_accounts(names, rules))
    else:
        of_persons: dict[int, set[str]] = {}
        for identity_id, person_id in fetch(_PERSONS, ids=list(names)):
            of_persons.setdefault(person_id, set()).update(names[identity_id])
        flipped = show_persons(of_persons, (), rules)
        touched = {(PERSON, id) for id in of_persons} | mark_persons_again(flipped)
        touched |= place_by_domain(of_persons.keys(), get_tenant(current_tenant_id()))
    touch(touched, at=now)
