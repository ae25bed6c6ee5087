"""Of whom nobody may be told any more."""

from collections.abc import Collection
from uuid import UUID

from ingestion.models import Account, Person
from ingestion.queries.consent import contact_rules
from ingestion.queries.people import accounts_of
from ingestion.rules.consent import why_no_contact
from routing.models import Lead
from scoring.models import Level


def not_to_be_told(lead_keys: Collection[str]) -> dict[str, str]:
    """Of these leads, those whose person or account is not to be contacted, with the trait that says so. What is no
    key of a lead is left out. 5 queries or fewer."""
    keys = [UUID(key) for key in lead_keys if _is_key(key)]
    leads = list(Lead.objects.filter(pk__in=keys).values_list("pk", "subject_kind", "subject_id"))
    if not leads:
        return {}
    persons = Person.objects.in_bulk([id for _key, kind, id in leads if kind == Level.PERSON])
    accounts = Account.objects.in_bulk([id for _key, kind, id in leads if kind == Level.ACCOUNT])
    joined = accounts_of(list(persons))
    rules = contact_rules()
    found = {}
    for key, kind, id in leads:
        # As for the lead itself: of a person's accounts the one they joined first.
        about = [accounts.get(id)] if kind == Level.ACCOUNT else [persons.get(id), *joined.get(id, [])[:1]]
        reasons = [why_no_contact(each.traits, rules) for each in about if each is not None]
        if because := next(filter(None, reasons), ""):
            found[str(key)] = because
    return found


def _is_key(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
