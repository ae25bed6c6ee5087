"""What the tables of a tenant say, without the keys that only tell in which order rows were made."""

from collections import defaultdict
from typing import Any

from ingestion.models import (
    Account,
    AccountMembership,
    Activity,
    Event,
    Identity,
    IdentityLink,
    Person,
    QuarantinedEvent,
    TraitValue,
)

SHOWN = ("label", "email", "search", "traits", "is_identified", "exclusion", "first_seen_at", "last_seen_at")


def persons() -> dict[frozenset[tuple[int, str]], dict[str, Any]]:
    """Each person as the set of its identities, and what is shown of it."""
    identities = defaultdict(set)
    for identity in Identity.objects.all():
        identities[identity.person_id].add((identity.kind, identity.value))
    rows = {person.pk: person for person in Person.objects.all()}
    assert all((person.merged_into_id is None) == (pk in identities) for pk, person in rows.items())
    return {
        frozenset(held): {name: getattr(rows[pk], name) for name in SHOWN} for pk, held in identities.items()
    }


def groups() -> set[frozenset[str]]:
    """The persons as sets of received ids."""
    return {frozenset(value for _kind, value in held) for held in persons()}


def message_ids() -> dict[int, str]:
    """The message id of each stored event."""
    return {row.pk: row.message_id for row in Event.objects.all()}


def snapshot(message: dict[int, str] | None = None) -> dict[str, Any]:
    """Everything the fold derives, in terms of what was received. `message`: ids of events that may be gone."""
    identity = {row.pk: (row.kind, row.value) for row in Identity.objects.all()}
    account = {row.pk: row.key for row in Account.objects.all()} | {None: None}
    message = message_ids() | (message or {})
    return {
        "persons": persons(),
        "accounts": {
            row.key: (row.name, row.search, row.traits, row.exclusion, row.first_seen_at, row.last_seen_at)
            for row in Account.objects.all()
        },
        "links": {
            (
                identity[row.identity_id],
                identity[row.user_identity_id],
                row.is_alias,
                row.ts,
                row.message_id,
                row.held,
            )
            for row in IdentityLink.objects.all()
        },
        "memberships": {
            (identity[row.identity_id], account[row.account_id], row.valid_from)
            for row in AccountMembership.objects.all()
        },
        "traits": sorted(
            (
                row.subject_kind,
                (identity if row.subject_kind == 1 else account)[row.subject_id],
                row.name,
                row.valid_from,
                row.message_id,
                repr(row.value),
                row.text,
                row.number,
            )
            for row in TraitValue.objects.all()
        ),
        "events": sorted(
            (row.message_id, row.kind, row.name, row.ts, identity[row.identity_id], account[row.account_id])
            for row in Event.objects.all()
        ),
        "activity": sorted(
            (
                message[row.event_id],
                row.action_version_id,
                identity[row.identity_id],
                account[row.account_id],
                row.ts,
                row.local_day,
                row.number,
                row.exclusion,
            )
            for row in Activity.objects.all()
        ),
        "quarantine": sorted((row.code, row.message_id) for row in QuarantinedEvent.objects.all()),
    }
