"""Taking back a merge of persons, and joining them again."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from ingestion.models import IdentityLink
from ingestion.operations.domain_accounts import place_by_domain
from ingestion.operations.locks import lock_history
from ingestion.operations.marks import exclusion_rules, mark_persons_again
from ingestion.operations.regroup import regroup, respan
from ingestion.operations.touched import PERSON, touch
from ingestion.operations.traits import show_persons
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.queries import get_tenant


@transaction.atomic
def undo_identity_link(*, link: IdentityLink, by: Actor, now: datetime) -> None:
    """Take back that two identities are one person, whatever the same evidence says again. Twice changes nothing."""
    lock_history()
    if IdentityLink.objects.filter(pk=link.pk, undone_at__isnull=True).update(undone_at=now):
        _redraw_ends(link, verb="identity_link.undone", by=by, now=now)


@transaction.atomic
def redo_identity_link(*, link: IdentityLink, by: Actor, now: datetime) -> None:
    """Let evidence that was taken back count again, from its own moment on. It joins the two only if nothing else keeps
    them apart: merge protection, or two users. Twice changes nothing."""
    lock_history()
    if IdentityLink.objects.filter(pk=link.pk, undone_at__isnull=False).update(undone_at=None):
        _redraw_ends(link, verb="identity_link.redone", by=by, now=now)


def _redraw_ends(link: IdentityLink, *, verb: str, by: Actor, now: datetime) -> None:
    redraw([link.identity_id, link.user_identity_id] if link.is_alias else [link.identity_id], now)
    audit.record(by=by, verb=verb, target=link, fields=["undone_at"], now=now)


def redraw(identity_ids: Collection[int], now: datetime) -> None:
    """Give these anonymous identities the person that the evidence says now, with all that hangs on it: what persons
    look like, whose activity counts, and whose scores change. Callers hold the history lock."""
    moves = regroup(identity_ids)
    respan(identity_ids)
    persons = {person for move in moves for person in (move.old_person_id, move.new_person_id)}
    flipped = show_persons({}, persons, exclusion_rules())
    placed = place_by_domain(persons, get_tenant(current_tenant_id()))
    concerned = placed | mark_persons_again(flipped, [move.identity_id for move in moves], persons)
    touch(concerned | {(PERSON, person) for person in persons}, at=now)
