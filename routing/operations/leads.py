"""What people do with a lead: say what came of it, hand it on, release it from a holdout."""

from datetime import datetime
from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from experiments import operations as experiments
from routing.models import Lead, LeadEvent, PoolMember
from routing.operations.announcing import announce_assigned
from routing.operations.history import note
from routing.operations.intake import send_on
from routing.operations.placing import place, response_time
from routing.queries.cases import case_of
from routing.queries.tables import is_rep_of
from routing.rules.dispositions import ENDS, Said, may_follow
from scoring.operations.routed import mark_released
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import Membership
from tenants.work import wake

Kind = LeadEvent.Kind


class NotAllowed(ValueError):
    """The lead's state does not allow this. The message says what to do."""


@transaction.atomic
def dispose(*, lead: Lead, disposition: str, reason: str = "", by: Actor, now: datetime) -> Lead:
    """Say what came of a lead: accepted, rejected (with a reason), sql, opportunity, won, lost.

    Steps may be skipped, never taken back: `reopen` first. Rejected, won and lost close the lead, and whoever waits for
    room in its pool moves up. Raises NotAllowed.
    """
    lead = _locked(lead)
    before, said = Said(lead.disposition), _read(disposition)
    _check_workable(lead)
    if said == before:
        return lead
    if not may_follow(before, said):
        raise NotAllowed(
            _("This lead is marked “%(before)s”, so it cannot become “%(after)s”.")
            % {"before": lead.get_disposition_display(), "after": Lead.Disposition(said).label}
        )
    if said == Said.REJECTED and not reason.strip():
        raise NotAllowed(_("Say why you reject it: the scoring is mended by these reasons."))
    if said not in ENDS and lead.rep_id is None:
        raise NotAllowed(_("Nobody has this lead yet. Give it to a rep first."))
    lead.disposition = said.value
    lead.rejection_reason = reason.strip()[:200] if said == Said.REJECTED else ""
    lead.responded_at = lead.responded_at or now
    lead.state = Lead.State.CLOSED if said in ENDS else Lead.State.WORKING
    lead.closed_at = now if said in ENDS else None
    lead.save(update_fields=["disposition", "rejection_reason", "responded_at", "state", "closed_at"])
    note(
        lead,
        Kind.DISPOSED,
        now=now,
        actor_id=by.user_id,
        disposition=said.value,
        reason=lead.rejection_reason,
    )
    audit.record(by=by, verb="lead.disposed", target=lead, fields=["disposition"], now=now)
    if said in ENDS:
        wake(tenant_id=current_tenant_id(), kind="route", at=now)
    return lead


@transaction.atomic
def reopen(*, lead: Lead, by: Actor, now: datetime) -> Lead:
    """Take back rejected, won or lost: the lead is being worked again. Raises NotAllowed."""
    lead = _locked(lead)
    if lead.state != Lead.State.CLOSED or Said(lead.disposition) not in ENDS:
        raise NotAllowed(_("Only a lead that was rejected, won or lost can be reopened."))
    if lead.rep_id is None:
        lead.disposition, lead.state = Said.NONE.value, Lead.State.HOLD
    else:
        lead.disposition, lead.state = Said.ACCEPTED.value, Lead.State.WORKING
    lead.rejection_reason, lead.closed_at = "", None
    lead.save(update_fields=["disposition", "rejection_reason", "state", "closed_at"])
    note(lead, Kind.REOPENED, now=now, actor_id=by.user_id)
    audit.record(by=by, verb="lead.reopened", target=lead, fields=["disposition"], now=now)
    return lead


@transaction.atomic
def reassign(*, lead: Lead, membership: Membership, by: Actor, now: datetime) -> Lead:
    """Give an open lead to another rep, past the round robin: no pointer moves. Raises NotAllowed."""
    lead = _locked(lead)
    _check_workable(lead)
    if not is_rep_of(membership, lead.business_unit):
        raise NotAllowed(
            _("%(rep)s is not a member of this lead's business unit.") % {"rep": membership.user}
        )
    if lead.rep_id == membership.pk:
        return lead
    case = case_of(lead.qualification, now=now)
    if case.subject.no_contact:
        raise NotAllowed(
            _("They do not want to be contacted (%(why)s), so this lead goes to nobody.")
            % {"why": case.subject.no_contact}
        )
    stays = lead.pool_id and PoolMember.objects.filter(pool=lead.pool_id, membership=membership).exists()
    lead.rep, lead.pool = membership, lead.pool if stays else None
    lead.assigned_at = now
    if lead.state != Lead.State.WORKING:
        lead.state, lead.respond_by = Lead.State.NEW, now + response_time(lead.pool)
    lead.save(update_fields=["rep", "pool", "assigned_at", "state", "respond_by"])
    note(lead, Kind.ASSIGNED, now=now, actor_id=by.user_id, rep=str(membership.user))
    audit.record(by=by, verb="lead.reassigned", target=lead, fields=["rep"], now=now)
    announce_assigned(lead, case, now=now)
    wake(tenant_id=current_tenant_id(), kind="route", at=now)
    return lead


@transaction.atomic
def release_held_out(*, lead: Lead, reason: str, by: Actor, now: datetime) -> Lead:
    """Let a held-out lead go to the reps after all, for a reason that the analysis shows. It stays in its arm.
    Raises NotAllowed, NotHeldOut, and ValueError without a reason."""
    lead = _locked(lead)
    if lead.state != Lead.State.HELD_OUT:
        raise NotAllowed(_("This lead is not held out."))
    if lead.closed_at is not None:
        raise NotAllowed(_("Its PQL has ended meanwhile; there is nothing left to work on."))
    experiments.release(action_ref=str(lead.pk), reason=reason, by=by, now=now)
    mark_released(qualification=lead.qualification)
    note(lead, Kind.RELEASED, now=now, actor_id=by.user_id, reason=reason.strip()[:200])
    case = case_of(lead.qualification, now=now)
    send_on(lead, case, place(case, now=now), kind=Kind.CREATED, now=now)
    audit.record(by=by, verb="lead.released", target=lead, fields=["state"], now=now)
    return lead


def _locked(lead: Lead) -> Lead:
    rows = Lead.objects.select_for_update(of=("self",)).select_related(
        "business_unit",
        "rep__user",
        "pool",
        "qualification__definition__business_unit",
        "qualification__definition__motion",
    )
    return cast(Lead, rows.get(pk=lead.pk))


def _check_workable(lead: Lead) -> None:
    if lead.state == Lead.State.HELD_OUT:
        raise NotAllowed(_("This lead is held out to prove that working leads pays. Release it first."))
    if lead.state == Lead.State.CLOSED:
        raise NotAllowed(_("This lead is closed. Reopen it first."))


def _read(disposition: str) -> Said:
    try:
        said = Said(disposition)
    except ValueError:
        said = Said.NONE
    if said == Said.NONE:
        raise NotAllowed(_("“%(value)s” is not something to mark a lead with.") % {"value": disposition})
    return said
