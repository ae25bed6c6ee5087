"""The heartbeat: claim whatever is due, of any tenant, and do it, until nothing is due or the time is up.

Each stage is one domain call in one tenant's transaction. A stage wakes the next one in the transaction that gives it
work, so a chain of fold, score, route and deliver runs in one beat and adds no waiting between them.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from delivery import operations as delivery
from experiments import operations as experiments
from ingestion import operations as ingestion
from pqlhub.jobs import Clock, note_failure, note_run
from pqlhub.privacy.erasing import continue_erasure
from pqlhub.privacy.exporting import continue_personal_export
from pqlhub.sample.filling import continue_sample
from routing import operations as routing
from routing.queries.contact import not_to_be_told
from scoring import operations as scoring
from scoring.queries.overview import watched_events
from tenants import operations as tenants
from tenants import work
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.work import Claim

LONGEST_BACKOFF = timedelta(minutes=5)
LONG_SECONDS = 20.0  # of slices before another long job gets its turn


@dataclass(frozen=True)
class Progress:
    """What one call of a stage did. next_at: when there is more to do though nobody wakes us; None: unknown."""

    worked: bool
    next_at: datetime | None = None


Stage = Callable[[Claim, Clock], Progress]


def fold(claim: Claim, clock: Clock) -> Progress:
    """A backlog calls a second hand: reading messages and writing history take about as long, and only the second is
    one at a time per tenant."""
    with tenant_context(claim.tenant_id):
        result = ingestion.fold_inbox(now=clock())
        if result.more and claim.ref == "":
            work.wake(tenant_id=claim.tenant_id, kind="fold", ref="second", at=clock())
    worked = bool(result.events or result.duplicates or result.quarantined)
    return Progress(worked, clock() if result.more else None)


def backfill(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        more = ingestion.backfill_actions(now=clock()) or ingestion.follow_renames(now=clock())
    return Progress(more, clock() if more else None)


def recut(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        more = ingestion.recut_days(now=clock())
    return Progress(more, clock() if more else None)


def mark(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        more = (
            ingestion.mark_named_subjects(now=clock())
            or ingestion.mark_environments(now=clock())
            or ingestion.sweep_domain_accounts(now=clock())
        )
    return Progress(more, clock() if more else None)


def trim(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        result = ingestion.trim_history(now=clock())
    return Progress(bool(result.rows), result.next_at)


def precedence(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        more = ingestion.sort_traits_out(now=clock())
    return Progress(more, clock() if more else None)


def requarantine(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        more = ingestion.continue_quarantine_replays(now=clock())
    return Progress(more, clock() if more else None)


def watch(claim: Claim, clock: Clock) -> Progress:
    """Looks whether what live signals rely on still arrives, and mails what is found."""
    with tenant_context(claim.tenant_id):
        next_at = ingestion.watch_data(watched=watched_events(), now=clock())
    again = ingestion.tell_of_data_alerts(tenant_id=claim.tenant_id, clock=clock)
    return Progress(worked=False, next_at=again or next_at)


def redraw(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        more = ingestion.redraw_identities(now=clock())
    return Progress(more, clock() if more else None)


def forget(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        result = scoring.forget_scores(now=clock())
    return Progress(bool(result.scores), clock() if result.more else result.next_at)


def replay(claim: Claim, clock: Clock) -> Progress:
    more = scoring.continue_replay(
        tenant_id=claim.tenant_id, run_id=UUID(claim.ref), clock=clock, seconds=LONG_SECONDS
    )
    return Progress(more, clock() if more else None)


def check(claim: Claim, clock: Clock) -> Progress:
    more = ingestion.continue_check(
        tenant_id=claim.tenant_id, file_id=UUID(claim.ref), clock=clock, seconds=LONG_SECONDS
    )
    return Progress(more, clock() if more else None)


def import_rows(claim: Claim, clock: Clock) -> Progress:
    more = ingestion.continue_import(
        tenant_id=claim.tenant_id, run_id=UUID(claim.ref), clock=clock, seconds=LONG_SECONDS
    )
    return Progress(more, clock() if more else None)


def enrich(claim: Claim, clock: Clock) -> Progress:
    next_at = ingestion.continue_enrichment(tenant_id=claim.tenant_id, clock=clock, seconds=LONG_SECONDS)
    return Progress(next_at is not None and next_at <= clock(), next_at)


def read_crm(claim: Claim, clock: Clock) -> Progress:
    next_at = ingestion.continue_crm_pulls(tenant_id=claim.tenant_id, clock=clock, seconds=LONG_SECONDS)
    return Progress(next_at is not None and next_at <= clock(), next_at)


def score(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        result = scoring.score_due(now=clock())
    return Progress(bool(result.scored), clock() if result.more else result.next_at)


def route(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        result = routing.route_new(now=clock())
    return Progress(bool(result.routed or result.held_out), clock() if result.more else result.next_at)


def deliver(claim: Claim, clock: Clock) -> Progress:
    result = delivery.deliver_due(tenant_id=claim.tenant_id, clock=clock, why_not=not_to_be_told)
    return Progress(bool(result.sent or result.failed), result.next_at)


def notify(claim: Claim, clock: Clock) -> Progress:
    return Progress(worked=False, next_at=delivery.tell_of_trouble(tenant_id=claim.tenant_id, clock=clock))


def mixed(claim: Claim, clock: Clock) -> Progress:
    with tenant_context(claim.tenant_id):
        return Progress(worked=False, next_at=experiments.flag_mixed(now=clock()))


def export(claim: Claim, clock: Clock) -> Progress:
    tenants.export_if_requested(tenant_id=claim.tenant_id, by=SYSTEM, now=clock())
    return Progress(worked=False)


def erase_person(claim: Claim, clock: Clock) -> Progress:
    next_at = continue_erasure(
        tenant_id=claim.tenant_id, erasure_id=UUID(claim.ref), clock=clock, seconds=LONG_SECONDS
    )
    return Progress(next_at is not None, next_at)


def export_person(claim: Claim, clock: Clock) -> Progress:
    next_at = continue_personal_export(
        tenant_id=claim.tenant_id, export_id=UUID(claim.ref), clock=clock, seconds=LONG_SECONDS
    )
    return Progress(worked=False, next_at=next_at)


def erase(claim: Claim, clock: Clock) -> Progress:
    more = tenants.erase_marked_tenant(tenant_id=claim.tenant_id, seconds=5, by=SYSTEM, now=clock())
    return Progress(more, clock() if more else None)


def sample(claim: Claim, clock: Clock) -> Progress:
    more = continue_sample(tenant_id=claim.tenant_id, clock=clock, seconds=LONG_SECONDS)
    return Progress(more, clock() if more else None)


PULSE: dict[str, Stage] = {"fold": fold, "score": score, "route": route, "deliver": deliver}
LONG: dict[str, Stage] = {
    "backfill": backfill,
    "recut": recut,
    "mark": mark,
    "redraw": redraw,
    "precedence": precedence,
    "requarantine": requarantine,
    "replay": replay,
    "check": check,
    "import": import_rows,
    "enrich": enrich,
    "crm": read_crm,
    "forget": forget,
    "trim": trim,
    "notify": notify,
    "watch": watch,
    "mixed": mixed,
    "export": export,
    "erase_person": erase_person,
    "export_person": export_person,
    "erase": erase,
    "sample": sample,
}


def run_until_idle(
    stages: dict[str, Stage], *, clock: Clock, budget_seconds: float, kinds: Iterable[str] | None = None
) -> int:
    """Do due work until there is none or the budget is spent. Returns how many claims were worked on."""
    wanted = list(kinds or stages)
    deadline = time.monotonic() + budget_seconds
    work.revive_abandoned(kinds=wanted, now=clock())
    done = 0
    while time.monotonic() < deadline:
        claim = work.claim_next(kinds=wanted, now=clock())
        if claim is None:
            break
        _do(stages[claim.kind], claim, clock)
        done += 1
    return done


def _do(stage: Stage, claim: Claim, clock: Clock) -> None:
    started_at = clock()
    try:
        progress = stage(claim, clock)
    except Exception as error:
        # One tenant's failure must not stop the others, nor be tried in a hot loop.
        note_failure(name=claim.kind, error=error, tenant_id=claim.tenant_id, at=clock())
        delay = (
            min(timedelta(seconds=2**claim.attempts), LONGEST_BACKOFF)
            if claim.attempts < 9
            else LONGEST_BACKOFF
        )
        work.release(claim, next_at=clock() + delay, worked=False)
        return
    recheck = work.recheck_at(claim, worked=progress.worked, now=clock())
    moments = [moment for moment in (progress.next_at, recheck) if moment is not None]
    work.release(claim, next_at=min(moments, default=None), worked=progress.worked)
    note_run(name=claim.kind, started_at=started_at, finished_at=clock())
