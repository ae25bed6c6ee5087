"""Who may become a PQL at all."""

from collections.abc import Collection

from ingestion.models import Account, Person
from scoring.rules.spec import Level


def counting_subjects(level: Level, ids: Collection[int]) -> set[int]:
    """Of these persons or accounts those that count: not a bot, internal or test, and not merged into another."""
    persons = Person.objects.filter(merged_into_id__isnull=True)
    rows = persons if level == Level.PERSON else Account.objects
    return set(rows.filter(pk__in=ids, exclusion=0).values_list("pk", flat=True))
