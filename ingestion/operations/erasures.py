"""Erasing a person or an account: what this room does of it. The tables are emptied by pqlhub.privacy.erasing, which
knows those of every room.

A request is asked for, then runs (who it is about is fixed, and kept out from that moment), then is done: what is left
is a proof without personal data, here and in a file that outlives the database."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from ingestion.models import Erasure, Inbox, SubjectKind, Suppression
from ingestion.operations.locks import lock_history
from ingestion.operations.suppression import suppress
from ingestion.queries.personal import names_of_scope, scope_of, scope_of_marks, subject_row, with_raw_marks
from ingestion.queries.sql import execute
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.operations.refusal import Refused
from tenants.personal import Scope
from tenants.secret_box import open_sealed, seal
from tenants.work import wake

DUE_WITHIN = timedelta(days=30)  # what the law gives
NAMES = ("user_ids", "emails", "account_keys", "account_names")
_TABLE, _FIELD = "ingestion_erasure", "sealed_names"

_LIST_SIZES = """
UPDATE ingestion_list l SET size = n.size FROM (
    SELECT l.id, count(r.id) AS size FROM ingestion_list l
    LEFT JOIN ingestion_listrow r ON r.tenant_id = %(tenant_id)s AND r.list_id = l.id AND r.until IS NULL
    WHERE l.tenant_id = %(tenant_id)s AND l.kind <> 'domain' GROUP BY l.id) n
WHERE l.tenant_id = %(tenant_id)s AND l.id = n.id AND l.size <> n.size
"""


@transaction.atomic
def request_erasure(
    *,
    subject_kind: int,
    subject_id: int,
    with_companions: bool,
    reason: str,
    reference: str,
    by: Actor,
    now: datetime,
) -> Erasure:
    """Ask for a person or an account to be erased; background work does it. Raises Refused, ValidationError."""
    lock_history()
    if subject_row(subject_kind, subject_id) is None:
        raise Refused(_("There is nobody here under this key: they may be erased already."))
    if (
        Erasure.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
        .exclude(state="done")
        .exists()
    ):
        raise Refused(_("This is being erased already."))
    erasure = Erasure(
        subject_kind=subject_kind,
        subject_id=subject_id,
        with_companions=with_companions,
        reason=reason,
        reference=reference,
        asked_by_id=by.user_id,
        asked_at=now,
        due_at=now + DUE_WITHIN,
    )
    erasure.clean_fields(exclude={field.name for field in Erasure._meta.fields} - {"reason", "reference"})
    erasure.save(force_insert=True)
    audit.record(by=by, verb="erasure.requested", target=erasure, fields=["reason"], now=now)
    wake(tenant_id=current_tenant_id(), kind="erase_person", ref=str(erasure.pk), at=now)
    return erasure


@transaction.atomic
def begin_erasure(*, erasure: Erasure, now: datetime) -> None:
    """Fix who it is about and keep them out from now on. Run again, they are found by their marks: the keys may mean
    others on a restored database."""
    lock_history()
    marks = {bytes(mark): key_id for mark, key_id in erasure.suppressions.values_list("mark", "key_id")}
    if marks:
        scope = scope_of_marks(marks.keys(), set(marks.values()))
    else:
        scope = scope_of(erasure.subject_kind, erasure.subject_id, with_companions=erasure.with_companions)
    suppress(erasure, names_of_scope(scope))
    described = asdict(scope)
    names = json.dumps({name: described[name] for name in NAMES})
    erasure.scope = {name: list(described[name]) for name in ("persons", "identities", "accounts", "members")}
    erasure.sealed_names = seal(names, table=_TABLE, key=erasure.pk, field=_FIELD)
    erasure.state, erasure.started_at, erasure.place = Erasure.State.RUNNING, now, {}
    erasure.inbox_through = Inbox.objects.aggregate(last=Max("pk"))["last"] or 0
    erasure.runs += 1
    erasure.save()


def scope_of_erasure(erasure: Erasure) -> Scope:
    """Who a running erasure is about, without their leads."""
    sealed = erasure.sealed_names or b""
    names = json.loads(open_sealed(sealed, table=_TABLE, key=erasure.pk, field=_FIELD))
    values = {name: tuple(value) for name, value in (erasure.scope | names).items()}
    return with_raw_marks(replace(Scope(), **values))


def inbox_is_read(erasure: Erasure) -> bool:
    """Whether all that was received before the erasure began has been folded, and so kept out."""
    return not Inbox.objects.filter(pk__lte=erasure.inbox_through).exists()


@transaction.atomic
def finish_erasure(*, erasure: Erasure, kept: Mapping[str, int], by: Actor, now: datetime) -> dict[str, Any]:
    """Forget whom it was about and seal the proof. Returns the proof."""
    execute(_LIST_SIZES)
    erasure.state, erasure.done_at = Erasure.State.DONE, now
    erasure.sealed_names, erasure.scope, erasure.place = None, {}, {}
    erasure.kept = dict(kept)
    proof = proof_of(erasure)
    erasure.proof_hash = proof["hash"]
    erasure.save()
    audit.record(by=by, verb="erasure.finished", target=erasure, fields=sorted(erasure.erased), now=now)
    return proof


def proof_of(erasure: Erasure) -> dict[str, Any]:
    """What a finished erasure says, with the hash over it. Nothing in it names anybody; its marks tell them again."""
    marks = erasure.suppressions.order_by("mark").values_list("key_id", "mark")
    said: dict[str, Any] = {
        "erasure": str(erasure.pk),
        "tenant": erasure.tenant_id,
        "kind": SubjectKind(erasure.subject_kind).name.lower(),
        "with_companions": erasure.with_companions,
        "reason": erasure.reason,
        "reference": erasure.reference,
        "asked_by": str(erasure.asked_by_id or ""),
        "asked_at": erasure.asked_at.isoformat(),
        "started_at": erasure.started_at.isoformat() if erasure.started_at else "",
        "done_at": erasure.done_at.isoformat() if erasure.done_at else "",
        "runs": erasure.runs,
        "erased": erasure.erased,
        "cleaned": erasure.cleaned,
        "kept": erasure.kept,
        "sent_out": erasure.sent_out,
        "marks": [[key_id, bytes(mark).hex()] for key_id, mark in marks],
    }
    content = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return said | {"hash": hashlib.sha256(content).hexdigest()}


@transaction.atomic
def lift_suppression(*, erasure: Erasure, by: Actor, now: datetime) -> None:
    """Let whoever was erased come back, from now on: as somebody new. Twice changes nothing."""
    lock_history()
    deleted, _rows = Suppression.objects.filter(erasure=erasure).delete()
    if deleted:
        Erasure.objects.filter(pk=erasure.pk).update(lifted_at=now)
        audit.record(by=by, verb="erasure.lifted", target=erasure, fields=["lifted_at"], now=now)


@transaction.atomic
def run_erasure_again(*, erasure: Erasure, by: Actor, now: datetime) -> bool:
    """Erase again whoever a finished erasure was about: after a restore they may be back. Returns False when it was
    lifted, so that nothing tells them any more."""
    erasure = Erasure.objects.select_for_update().get(pk=erasure.pk)
    if erasure.state == Erasure.State.DONE and not erasure.suppressions.exists():
        return False
    if erasure.state == Erasure.State.DONE:
        erasure.state, erasure.done_at = Erasure.State.ASKED, None
        erasure.save()
        audit.record(by=by, verb="erasure.run_again", target=erasure, now=now)
    wake(tenant_id=current_tenant_id(), kind="erase_person", ref=str(erasure.pk), at=now)
    return True


@transaction.atomic
def restore_erasure(*, proof: Mapping[str, Any], by: Actor, now: datetime) -> bool:
    """Have an erasure run again from its proof, also where a restored database knows nothing of it. Returns False when
    it was lifted there. Raises KeyError and ValueError for what is no proof."""
    key, marks = UUID(proof["erasure"]), [(key_id, bytes.fromhex(mark)) for key_id, mark in proof["marks"]]
    known = Erasure.objects.filter(pk=key).first()
    if known is not None:
        return run_erasure_again(erasure=known, by=by, now=now)
    erasure = Erasure(
        pk=key,
        subject_kind=SubjectKind[proof["kind"].upper()],
        subject_id=0,  # its key may mean another in a restored database: it is found by its marks
        with_companions=bool(proof["with_companions"]),
        reason=proof["reason"],
        reference=proof["reference"],
        asked_by_id=UUID(proof["asked_by"]) if proof["asked_by"] else None,
        asked_at=datetime.fromisoformat(proof["asked_at"]),
        due_at=now + DUE_WITHIN,
        runs=int(proof["runs"]),
        sent_out=proof["sent_out"],
        state=Erasure.State.DONE,
        done_at=now,
    )
    erasure.save(force_insert=True)
    Suppression.objects.bulk_create(
        [Suppression(mark=mark, key_id=key_id, erasure=erasure) for key_id, mark in marks],
        ignore_conflicts=True,
    )
    return run_erasure_again(erasure=erasure, by=by, now=now)
