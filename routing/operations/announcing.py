"""What the outside is told about a lead. Held-out leads have no outside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from delivery.models import Delivery, Destination
from delivery.operations import enqueue
from delivery.queries import destinations_for_leads_of
from routing.models import Lead
from routing.queries.cases import Case, Subject, top_reasons, user_ids

CREATED, ASSIGNED = "pql.created", "lead.assigned"
MOST_REASONS = 10
LONGEST_TEXT = 300


class HeldOut(RuntimeError):
    """Somebody tried to act on a held-out lead. A bug: nothing may leave for it."""


def announce_created(lead: Lead, case: Case, *, by_rule: Destination | None, now: datetime) -> None:
    """Tell the rule's destination and those that want every lead of the unit, once each. Nobody is told of who must not
    be contacted."""
    if case.subject.no_contact:
        return
    targets = {row.pk: row for row in destinations_for_leads_of(case.business_unit)}
    if by_rule is not None:
        targets[by_rule.pk] = by_rule
    _tell(targets.values(), lead, CREATED, f"{CREATED}:{lead.pk}", payload_of(lead, case), now)


def announce_assigned(lead: Lead, case: Case, *, now: datetime) -> None:
    """Tell whoever was told about the lead that it has another rep now; nobody of who must not be contacted."""
    if case.subject.no_contact:
        return
    told = Delivery.objects.filter(subject_ref=str(lead.pk), event_type=CREATED).values("destination_id")
    key = f"{ASSIGNED}:{lead.pk}:{lead.rep_id}:{now.isoformat()}"
    _tell(Destination.objects.filter(pk__in=told), lead, ASSIGNED, key, payload_of(lead, case), now)


def payload_of(lead: Lead, case: Case) -> dict[str, Any]:
    """The data of an event: points as numbers (74.5), texts cut, so that it stays far below 20 kB."""
    path = reverse("admin:routing_lead_change", args=[lead.pk])
    reasons = top_reasons(case.qualification.contributions, MOST_REASONS)
    return {
        "lead": {
            "id": str(lead.pk),
            "state": lead.state,
            "since": lead.created_at.isoformat(),
            "respond_by": lead.respond_by.isoformat() if lead.respond_by else None,
        },
        "subject": _subject(case.subject),
        "business_unit": case.business_unit.name,
        "definition": {"id": str(case.definition.pk), "name": case.definition.name},
        "motion": case.definition.motion.name,
        "band": lead.band,
        "points": lead.points / 100,
        "reasons": [{"signal": line["name"], "points": line["points"] / 100} for line in reasons],
        "rule": lead.rule_name,
        "rep": {"name": str(lead.rep.user), "email": lead.rep.user.email} if lead.rep else None,
        "links": {"lead": settings.PUBLIC_URL.rstrip("/") + path},
    }


def _subject(subject: Subject) -> dict[str, Any]:
    person, account = subject.person, subject.account
    return {
        "kind": "account" if person is None else "person",
        "label": subject.label[:LONGEST_TEXT],
        "user_ids": [value[:LONGEST_TEXT] for value in user_ids(person.pk)] if person else [],
        "email": person.email[:LONGEST_TEXT] if person else "",
        "account": {"id": account.key[:LONGEST_TEXT], "name": account.name[:LONGEST_TEXT]}
        if account
        else None,
    }


def _tell(
    targets: Iterable[Destination],
    lead: Lead,
    event_type: str,
    effect_key: str,
    payload: dict[str, Any],
    now: datetime,
) -> None:
    if lead.state == Lead.State.HELD_OUT:
        raise HeldOut(f"Lead {lead.pk} is held out; nothing may be sent for it.")
    for target in targets:
        enqueue(
            destination=target,
            effect_key=effect_key,
            event_type=event_type,
            subject_ref=str(lead.pk),
            payload=payload,
            now=now,
        )
