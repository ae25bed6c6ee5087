"""Who does not want to be contacted, by what their traits say. Pure.

Consent managers send Segment's shape with every call: `context.consent.categoryPreferences`, a yes or no by category.
It becomes traits named `consent.<category>`, where it is told for its own sake: on identify calls and on the event by
which the SDK says that preferences changed. From every call it would make a row of history for each event."""

from collections.abc import Iterable, Mapping
from typing import Any

from ingestion.rules.filters import as_text
from ingestion.rules.types import Kind

Rule = tuple[str, str]  # name of a trait, lowercase value
BUILT_IN: tuple[Rule, ...] = (("do_not_contact", "true"), ("doNotContact", "true"), ("unsubscribed", "true"))
CHANGED_EVENT = "Segment Consent Preference Updated"
PREFIX = "consent."


def consent_traits(kind: Kind, name: str, context: Mapping[str, Any]) -> dict[str, bool]:
    """What a call says of consent, as traits."""
    consent = context.get("consent")
    if not isinstance(consent, Mapping) or not (kind is Kind.IDENTIFY or name == CHANGED_EVENT):
        return {}
    preferences = consent.get("categoryPreferences")
    if not isinstance(preferences, Mapping):
        return {}
    return {
        f"{PREFIX}{category}": given for category, given in preferences.items() if isinstance(given, bool)
    }


def why_no_contact(traits: Mapping[str, Any], rules: Iterable[Rule]) -> str:
    """The first rule that forbids contact, as “trait = value”; "" when none does."""
    return next((f"{name} = {value}" for name, value in rules if as_text(traits.get(name)) == value), "")
