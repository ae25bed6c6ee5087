"""What the form of a definition offers: the actions of a unit, and the events that none of them counts."""

from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _

from ingestion.models import Account, Action, EventName, Limit, List, Person
from ingestion.queries.browse import (
    ActionSummary,
    action_summaries,
    event_names_without_action,
    trait_values_seen,
)
from ingestion.queries.lists import BUILT_IN, usable_lists
from ingestion.queries.plans import usable_limits
from ingestion.queries.showing import glass
from ingestion.queries.touches import touch_values_seen
from scoring.models import Level
from scoring.rules.spec import BUILT_IN as BUILT_IN_REF
from scoring.rules.wording import plan_words, touch_words
from tenants.models import BusinessUnit


@dataclass(frozen=True)
class ActionChoices:
    """Actions and lists that a definition of this unit may use: its own and those of the units above. `events` are
    event names that no action matches yet."""

    actions: tuple[ActionSummary, ...]
    events: tuple[EventName, ...]
    lists: tuple[List, ...] = ()
    limits: tuple[Limit, ...] = ()

    def find_list(self, ref: str) -> List | None:
        """By SignalSpec.list_ref; None for a built-in one too."""
        return next((row for row in self.lists if str(row.pk) == ref), None)

    def find_limit(self, key: str) -> Limit | None:
        return next((row for row in self.limits if str(row.pk) == key), None)

    def limit_options(self) -> list[tuple[str, object]]:
        return [("", _("Choose a limit")), *((str(row.pk), row.name) for row in self.limits)]

    def list_options(self) -> list[tuple[str, object]]:
        """Choices of a form: the unit's lists with what they hold, and those that come with the product."""
        own = [(str(row.pk), f"{row.name} ({row.get_kind_display().lower()})") for row in self.lists]
        shipped = [(f"{BUILT_IN_REF}{code}", row.name) for code, row in BUILT_IN.items()]
        groups: list[tuple[str, object]] = [("", _("Choose a list"))]
        groups += [(_("Your lists"), own)] if own else []
        return [*groups, (_("Built in"), shipped)]

    def find(self, name: str) -> Action | None:
        """By name, in any case; of two with the same name the unit's own."""
        wanted = name.strip().casefold()
        return next((row.action for row in self.actions if row.action.name.casefold() == wanted), None)

    def event(self, name: str) -> EventName | None:
        """The event of exactly this name, if no action counts it yet."""
        return next((event for event in self.events if event.name == name.strip()), None)

    def not_found(self, name: str) -> str:
        """What to say about a name that is no action."""
        if self.event(name):
            return _("“%(name)s” is an event, but no action counts it yet.") % {"name": name.strip()}
        close = self.close_to(name)
        if close:
            quoted = ", ".join(f"“{found}”" for found in close)
            return _("No action is called “%(name)s”. Did you mean %(close)s?") % {
                "name": name.strip(),
                "close": quoted,
            }
        return _("No action is called “%(name)s”. Choose one from the list, or make it first.") % {
            "name": name.strip()
        }

    def close_to(self, name: str) -> list[str]:
        """Up to three names of actions and events that look like it."""
        known = {row.action.name.casefold(): row.action.name for row in self.actions}
        known |= {event.name.casefold(): event.name for event in self.events}
        return [known[key] for key in get_close_matches(name.strip().casefold(), known, n=3, cutoff=0.6)]


def action_choices(unit: BusinessUnit) -> ActionChoices:
    """The unit's own actions first, then those of the units above it, the events nothing counts, and the lists.
    5 queries."""
    rows = action_summaries(Action.objects.filter(business_unit_id__in=unit.lineage, archived_at=None))
    nearest = sorted(rows, key=lambda row: (-len(row.action.business_unit.path), row.action.name.casefold()))
    return ActionChoices(
        tuple(nearest),
        tuple(event_names_without_action(rows)),
        tuple(usable_lists(unit)),
        tuple(usable_limits(unit)),
    )


def known_traits(level: int) -> dict[str, list[str]]:
    """Names of traits and some of their values, seen on those of this level who were here last, and how people came.
    2 queries."""
    is_account = level == Level.ACCOUNT
    seen = glass().values(trait_values_seen(Account if is_account else Person), of_person=not is_account)
    plans = plan_words(_) if level == Level.ACCOUNT else {}
    values = touch_values_seen()
    came = {name: [words, *values[name][:4]] for name, words in touch_words(_).items()}
    return seen | {name: [words] for name, words in plans.items()} | came
