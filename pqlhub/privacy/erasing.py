"""Erases a person or an account everywhere, in slices: empties what each room holds until a whole pass finds nothing,
looks through everything else for mentions, and passes once more, because scores are made while it runs."""

import json
import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from delivery.queries import sent_out
from ingestion.models import Erasure
from ingestion.operations import erasures, personal_exports
from pqlhub.privacy.holdings import HOLDINGS, with_leads
from routing.operations.forgetting import forget_account_names
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.mentions import Needles, Place, replace_page
from tenants.personal import Scope, count_rows, erase_slice

Clock = Callable[[], datetime]
SLICE = 5_000
WAIT_FOR_INBOX = timedelta(seconds=5)
# The proof holds no mention, and what stands in the audit log are keys.
NOT_LOOKED_THROUGH = ("ingestion_erasure", "ingestion_suppression", "tenants_auditevent")


def continue_erasure(*, tenant_id: int, erasure_id: UUID, clock: Clock, seconds: float) -> datetime | None:
    """Go on for about `seconds`, each slice in a transaction of its own; killed, it goes on where the last one ended.
    Returns when to come again, None when it is done. Call it outside any transaction."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with tenant_context(tenant_id):
            erasure = Erasure.objects.select_for_update().filter(pk=erasure_id).first()
            if erasure is None or erasure.state == Erasure.State.DONE:
                return None
            if erasure.state == Erasure.State.ASKED:
                _begin(erasure, clock())
                continue
            again = _step(erasure, clock())
        if again is None:
            return None
        if again > clock():
            return again
    return clock()


def _begin(erasure: Erasure, now: datetime) -> None:
    erasures.begin_erasure(erasure=erasure, now=now)
    scope = with_leads(erasures.scope_of_erasure(erasure))
    erasure.sent_out = [*erasure.sent_out, *sent_out(scope)]
    erasure.save(update_fields=["sent_out"])
    personal_exports.discard_exports_of(scope)


def _step(erasure: Erasure, now: datetime) -> datetime | None:
    """One slice. The place says how far it is: empty the tables, look for mentions, empty once more."""
    scope = with_leads(erasures.scope_of_erasure(erasure))
    place = erasure.place or {"stage": "empty"}
    if place["stage"] in ("empty", "empty again"):
        if not _empty_slice(erasure, scope):
            place = {"stage": "look"} if place["stage"] == "empty" else {"stage": "finish"}
    elif place["stage"] == "look":
        if not _look_slice(erasure, scope, place):
            place = {"stage": "wait"}
    elif place["stage"] == "wait":
        if not erasures.inbox_is_read(erasure):
            return now + WAIT_FOR_INBOX
        place = {"stage": "empty again"}
    else:
        forget_account_names(scope)
        kept = {
            each.table: number for each in HOLDINGS if each.is_kept and (number := count_rows(each, scope))
        }
        proof = erasures.finish_erasure(erasure=erasure, kept=kept, by=SYSTEM, now=now)
        write_proof(proof)
        return None
    erasure.place = place
    erasure.save(update_fields=["place", "erased", "cleaned"])
    return now


def _empty_slice(erasure: Erasure, scope: Scope) -> bool:
    """Delete from the first table that has something. Returns whether there was any."""
    for holding in HOLDINGS:
        if holding.is_kept:
            continue
        if number := erase_slice(holding, scope, limit=SLICE):
            erasure.erased[holding.table] = erasure.erased.get(holding.table, 0) + number
            return True
    return False


def _look_slice(erasure: Erasure, scope: Scope, place: dict[str, object]) -> bool:
    needles = Needles(scope.emails, (*scope.user_ids, *scope.account_keys))
    search = Place(place.get("table", 0), place.get("after"), erasure.cleaned)  # type: ignore[arg-type]
    more = replace_page(needles, search, skip=NOT_LOOKED_THROUGH)
    place |= {"table": search.table, "after": search.after}
    return more


def proofs_folder() -> Path:
    """Where proofs are kept beside the database, so that a restore does not take them away."""
    folder = Path(settings.HOME) / "erasures"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def newest_proofs(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The last proof of each erasure in these files. Raises ValueError for a line that is no JSON."""
    found: dict[str, dict[str, Any]] = {}
    for path in files:
        for line in path.read_text().splitlines():
            proof = json.loads(line)
            found[proof["erasure"]] = proof
    return list(found.values())


def write_proof(proof: dict[str, object]) -> None:
    """Add a proof to the tenant's file of them. One line each; a later one of the same erasure takes its place."""
    path = proofs_folder() / f"{proof['tenant']}.jsonl"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
        file.write(json.dumps(proof) + "\n")
