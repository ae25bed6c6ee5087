"""What received data looks like to whoever is looking: everything, or nothing that tells who somebody is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ingestion.models import PersonalField
from ingestion.models.events import EventKind
from ingestion.queries.told import ToldTrait, Word
from ingestion.rules.personal_fields import HIDDEN, Verdicts, is_personal, masked, masked_text
from tenants.viewer import hides_personal_data


@dataclass(frozen=True)
class Glass:
    """What stands between data and whoever is looking. Clear for most roles."""

    is_clear: bool
    verdicts: Verdicts

    def fields(self, values: Any, *, of_person: bool = False) -> Any:
        """Traits, properties or a whole message."""
        return values if self.is_clear else masked(values, self.verdicts, of_person=of_person)

    def value(self, name: str, value: Any, *, of_person: bool = False) -> Any:
        """One trait or property."""
        if self.is_clear:
            return value
        shown = masked({name: value}, self.verdicts, of_person=of_person)
        return next(iter(shown.values()))

    def of_event(self, kind: int, values: Any) -> Any:
        """What an event says: traits of a person in an identify call, properties of a thing in most others."""
        return self.fields(values, of_person=kind == EventKind.IDENTIFY)

    def trait(self, told: ToldTrait, *, of_person: bool) -> ToldTrait:
        """What each origin says of a trait."""
        if self.is_clear:
            return told

        def word(said: Word) -> Word:
            return replace(said, value=self.value(told.name, said.value, of_person=of_person))

        return ToldTrait(
            told.name, word(told.holds) if told.holds else None, [word(each) for each in told.others]
        )

    def message(self, raw: str) -> str:
        """A message as it came, JSON or not. What is no JSON is not shown: nobody can tell what it says of whom."""
        if self.is_clear:
            return raw
        try:
            return json.dumps(self.fields(json.loads(raw)), ensure_ascii=False)
        except (ValueError, RecursionError):
            return HIDDEN

    def text(self, text: str) -> str:
        """A text somebody wrote, or a message as it came."""
        return text if self.is_clear else masked_text(text)

    def values(self, seen: Mapping[str, list[str]], *, of_person: bool = False) -> dict[str, list[str]]:
        """Names of fields with some of their values: none of those that are personal."""
        if self.is_clear:
            return dict(seen)
        return {
            name: []
            if is_personal(name, self.verdicts, of_person=of_person)
            else list(dict.fromkeys(map(masked_text, examples)))
            for name, examples in seen.items()
        }


_CLEAR = Glass(is_clear=True, verdicts={})


def glass() -> Glass:
    """For whoever is looking, in the tenant that is open. 1 query for those to whom something is hidden."""
    return Glass(is_clear=False, verdicts=verdicts()) if hides_personal_data() else _CLEAR


def verdicts() -> dict[str, bool]:
    """What was decided about fields, by lowercase name. 1 query."""
    return dict(PersonalField.objects.values_list("name", "is_personal"))
