"""Every trait and property that was seen lately, and whether it is personal."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingestion.models import Account, EventName, Person
from ingestion.queries.browse import trait_values_seen
from ingestion.queries.showing import verdicts
from ingestion.rules.personal_fields import EMAIL, is_personal

EVENTS_LOOKED_AT = 300


@dataclass(frozen=True)
class FieldSeen:
    """A field by its lowercase name. `decided`: somebody's word, None where the name speaks. `holds_addresses`: values
    look like e-mail addresses, which are hidden whatever is decided."""

    name: str
    seen_in: tuple[str, ...]  # "persons", "accounts", names of events
    is_personal: bool
    decided: bool | None
    holds_addresses: bool


def fields_seen() -> list[FieldSeen]:
    """The personal ones first, then by name. 4 queries: traits of who was seen last, and the most frequent events."""
    said = verdicts()
    persons, accounts = trait_values_seen(Person), trait_values_seen(Account)
    places: dict[str, list[str]] = {}
    for name in persons:
        places.setdefault(name.lower(), []).append("persons")
    for name in accounts:
        places.setdefault(name.lower(), []).append("accounts")
    for event in EventName.objects.order_by("-received")[:EVENTS_LOOKED_AT]:
        for name in event.properties:
            where = places.setdefault(name.lower(), [])
            if event.name and event.name not in where:
                where.append(event.name)
    of_person = {name.lower() for name in persons}
    spelled = {name.lower(): name for name in [*persons, *accounts]}
    addresses = {
        name.lower() for seen in (persons, accounts) for name, values in seen.items() if _addresses(values)
    }
    found = [
        FieldSeen(
            name=spelled.get(name, name),
            seen_in=tuple(places.get(name, ())),
            is_personal=is_personal(spelled.get(name, name), said, of_person=name in of_person),
            decided=said.get(name),
            holds_addresses=name in addresses,
        )
        for name in places.keys() | said.keys()
    ]
    return sorted(found, key=lambda row: (not row.is_personal, row.name.lower()))


def _addresses(values: Iterable[str]) -> bool:
    return any(EMAIL.fullmatch(value.strip()) for value in values)
