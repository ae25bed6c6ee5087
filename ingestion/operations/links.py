"""Taking back a merge of persons."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from ingestion.models import IdentityLink
from ingestion.operations.locks import lock_history
from ingestion.operations.marks import exclusion_rules, mark_persons_again
from ingestion.operations.regroup import regroup, respan
from ingestion.operations.touched import PERSON, touch
from ingestion.operations.traits import show_persons
from tenants import audit
from tenants.audit import Actor


@transaction.atomic
def undo_identity_link(*, link: IdentityLink, by: Actor, now: datetime) -> None:
    """Take back that two identities are one person, whatever the same evidence says again. Twice changes nothing."""
    lock_history()
    if not IdentityLink.objects.filter(pk=link.pk, undone_at__isnull=True).update(undone_at=now):
        return
    redraw([link.identity_id, link.user_identity_id] if link.is_alias else [link.identity_id], now)
    audit.record(by=by, verb="identity_link.undone", target=link, fields=["undone_at"], now=now)


def redraw(identity_ids: Collection[int], now: datetime) -> None:
    """Give these anonymous identities the person that the evidence says now, with all that hangs on it: what persons
    look like, whose activity counts, and whose scores change. Callers hold the history lock."""
    moves = regroup(identity_ids)
    respan(identity_ids)
    persons = {person for move in moves for person in (move.old_person_id, move.new_person_id)}
    flipped = show_persons({}, persons, exclusion_rules())
    concerned = mark_persons_again(flipped, [move.identity_id for move in moves], persons)
    touch(concerned | {(PERSON, person) for person in persons}, at=now)
