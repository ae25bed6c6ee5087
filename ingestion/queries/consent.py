"""Who does not want to be contacted."""

from ingestion.models import Account, ContactRule, Person
from ingestion.rules.consent import BUILT_IN, Rule, why_no_contact


def contact_rules() -> list[Rule]:
    """What comes with the product, and the tenant's own. 1 query."""
    return [*BUILT_IN, *ContactRule.objects.order_by("trait", "value").values_list("trait", "value")]


def no_contact(person: Person | None, account: Account | None) -> str:
    """Why neither is to be contacted, "" when they may be: what the person said, or else their account. 1 query."""
    rules = contact_rules()
    traits = [each.traits for each in (person, account) if each is not None]
    return next((why for each in traits if (why := why_no_contact(each, rules))), "")
