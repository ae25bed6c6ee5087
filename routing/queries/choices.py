"""What the editor of a routing table offers: real names, so that nobody has to guess."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from django.db.models import Q, QuerySet

from delivery.models import Destination
from ingestion.models import Account, Person
from ingestion.queries.browse import trait_values_seen
from ingestion.queries.lists import BUILT_IN, usable_lists
from ingestion.queries.showing import glass
from ingestion.queries.touches import touch_values_seen
from routing.models import Lead, Pool
from routing.queries.tables import reps_of
from routing.rules.conditions import Field
from scoring.models import Band, Definition, Signal, Version
from tenants.models import BusinessUnit, Membership

LEADS_TO_TRY = 30


@dataclass(frozen=True)
class TableChoices:
    """Names that conditions may ask for, by field; traits with the values seen; and where leads can go."""

    names: Mapping[Field, Sequence[str]]
    traits: Mapping[Field, Mapping[str, Sequence[str]]]
    pools: Sequence[Pool]
    reps: Sequence[Membership]
    destinations: Sequence[Destination]

    def values_for(self, field: str, name: str) -> Sequence[str]:
        """What to suggest as the value of a condition."""
        if field in self.traits:
            return self.traits[Field(field)].get(name, ())
        return self.names.get(Field(field), ()) if field in set(Field) else ()

    def close_to(self, field: Field, value: str) -> list[str]:
        """Known names that look like a value that is not known; [] when it is known or nothing is."""
        known = {name.casefold(): name for name in self.names.get(field, ())}
        if not known or value.casefold() in known:
            return []
        close = get_close_matches(value.casefold(), known, n=2, cutoff=0.5)
        return [known[key] for key in close] or list(known.values())[:3]


def table_choices(unit: BusinessUnit) -> TableChoices:
    """For the table of this unit, which also decides for units below it that have none. 11 queries."""
    below = Definition.objects.filter(business_unit__path__startswith=unit.path, archived_at=None)
    definitions = list(below.select_related("motion").order_by("name"))
    came, seen = touch_values_seen(), glass()
    versions = Version.objects.filter(definition__in=definitions).exclude(state=Version.State.ARCHIVED)
    return TableChoices(
        names={
            Field.BAND: _names(Band.objects.filter(version__in=versions).order_by("-minimum")),
            Field.SIGNAL: _names(Signal.objects.filter(version__in=versions).order_by("name")),
            Field.LIST: [row.name for row in usable_lists(unit)]
            + [str(row.name) for row in BUILT_IN.values()],
            Field.MOTION: sorted({row.motion.name for row in definitions}),
            Field.DEFINITION: [row.name for row in definitions],
            Field.LEVEL: ["person", "account"],
        },
        traits={
            Field.PERSON_TRAIT: seen.values(trait_values_seen(Person), of_person=True) | came,
            Field.ACCOUNT_TRAIT: seen.values(trait_values_seen(Account)) | came,
        },
        pools=list(_in_reach(Pool.objects.all(), unit).order_by("name")),
        reps=list(reps_of(unit)),
        destinations=list(Destination.objects.filter(business_unit_id__in=unit.lineage).order_by("name")),
    )


def leads_to_try(unit: BusinessUnit, *, visible: QuerySet[Lead]) -> list[Lead]:
    """The newest leads of the unit and those below that the user may see: held-out ones never are."""
    rows = visible.filter(business_unit__path__startswith=unit.path)
    return list(
        rows.select_related("qualification__definition").order_by("-created_at", "-id")[:LEADS_TO_TRY]
    )


def _in_reach(rows: QuerySet[Pool], unit: BusinessUnit) -> QuerySet[Pool]:
    """Of the unit itself, those above and those below."""
    return rows.filter(Q(business_unit_id__in=unit.lineage) | Q(business_unit__path__startswith=unit.path))


def _names(rows: QuerySet) -> list[str]:
    return list(dict.fromkeys(rows.values_list("name", flat=True)))
