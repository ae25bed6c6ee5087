"""Traits that somebody tells of one person or account, outside the stream of events."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from uuid6 import uuid7

from ingestion.models import Account, Identity
from ingestion.operations.arrivals import Arrival, Request
from ingestion.operations.fold import to_arrival
from ingestion.operations.history import add_traits
from ingestion.operations.marks import exclusion_rules
from ingestion.queries.told import ToldTrait, traits_told
from ingestion.rules.file_types import NOBODY
from ingestion.rules.json_text import dump_json, parse_json
from tenants import audit
from tenants.audit import Actor

NO_SOURCE = UUID(int=0)  # what is told here comes from no source


@transaction.atomic
def tell_traits(
    *, about: str, key: str, traits: Mapping[str, Any], origin: int, at: datetime, by: Actor, now: datetime
) -> list[ToldTrait]:
    """Remember traits of the account with this group id, or of the person with this user id; unknown ones are made.
    Returns all its traits, each with the word that holds. Raises ValidationError for an id that stands for nobody."""
    item = item_about(about, key, traits, at=at, message_id=f"told-{uuid7()}")
    added = add_traits([_arrival(item, origin, now)], score_at=now)
    if added.poisoned:
        raise ValidationError({"traits": [added.poisoned[0][1]]})
    if not added.events:
        raise ValidationError({"key": [_("This person or account was erased and is kept out.")]})
    if about == "account":
        kind, subject = 2, Account.objects.get(key=item["groupId"])
    else:
        identity = Identity.objects.select_related("person").get(
            kind=Identity.Kind.USER, value=item["userId"]
        )
        kind, subject = 1, identity.person
    audit.record(by=by, verb=f"{about}.traits_told", target=subject, fields=sorted(traits), now=now)
    return traits_told(kind, subject.pk)


def item_about(
    about: str, key: str, traits: Mapping[str, Any], *, at: datetime, message_id: str
) -> dict[str, Any]:
    """As a product would send it."""
    item = {
        "traits": parse_json(dump_json(dict(traits))),
        "timestamp": at.isoformat(),
        "messageId": message_id,
    }
    if about == "account":
        return {"type": "group", "groupId": key, "anonymousId": NOBODY, **item}
    return {"type": "identify", "userId": key, **item}


def tell_several(items: Iterable[dict[str, Any]], *, origin: int, now: datetime) -> dict[str, str]:
    """Remember traits of several accounts or persons, in the caller's transaction. Returns why some cannot be kept, by
    message id; the others are kept. Nothing is said of those who were erased."""
    arrivals, problems = [], {}
    for item in items:
        try:
            arrivals.append(_arrival(item, origin, now))
        except ValidationError as refusal:
            problems[item["messageId"]] = " ".join(refusal.messages)
    added = add_traits(arrivals, score_at=now)
    return problems | {arrival.message.message_id: words for arrival, words in added.poisoned}


def _arrival(item: dict[str, Any], origin: int, now: datetime) -> Arrival:
    request = Request(NO_SOURCE, "server", now, {}, {}, origin)
    arrival = to_arrival(item, request, exclusion_rules())
    if not isinstance(arrival, Arrival):
        raise ValidationError({"key": [arrival.reason.detail]})
    return arrival
