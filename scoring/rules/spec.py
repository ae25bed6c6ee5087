"""A version of a definition as plain data: what compiler, naive reference, preview, replay and explain read.

Frozen when a version leaves draft (Version.closure), so nothing it depends on can change under it. Points and
thresholds are integer hundredths. No Django here.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ingestion.rules import marketing

# No signal gives more than this (100,000 points) in either direction, and a version has no more signals than that, so
# that a sum always fits an integer column.
POINTS_LIMIT = 10_000_000
SIGNALS_LIMIT = 100


class SignalKind(StrEnum):
    COUNT = "count"
    DISTINCT_DAYS = "distinct_days"
    MILESTONE = "milestone"
    RECENCY = "recency"
    SUM = "sum"
    MAX = "max"
    TRAIT = "trait"
    USAGE = "usage"
    RULE = "rule"


# Read from activity, each in a window; of those with an amount the value is one, of the others it is 0 or 1.
WITH_AMOUNT = frozenset({SignalKind.COUNT, SignalKind.DISTINCT_DAYS, SignalKind.SUM, SignalKind.MAX})
ON_EVENTS = WITH_AMOUNT | {SignalKind.MILESTONE, SignalKind.RECENCY}


class RuleMode(StrEnum):
    """How a rule joins other signals."""

    ALL = "all"
    ANY = "any"
    AT_LEAST = "n_of"
    NONE = "none"


class WindowKind(StrEnum):
    """days: N calendar days in the zone, today included. hours: exactly N hours. ever: no lower bound."""

    DAYS = "days"
    HOURS = "hours"
    EVER = "ever"


NEXT_DAYS, PAST_DAYS = (
    "next_days",
    "past_days",
)  # trait operators: a day of today or so many days on (or back)
# What is known of an account's plan is read as traits of these names.
PLAN_TRAITS = "pqlhub."
PLAN_FACT, PERIOD_FACT = f"{PLAN_TRAITS}plan", f"{PLAN_TRAITS}period_start"
# How somebody came is read as traits of these names.
FIRST_TOUCH, LAST_TOUCH = marketing.FIRST, marketing.LAST
IN_LIST, NOT_IN_LIST = "in_list", "not_in_list"  # trait operators
BUILT_IN = "builtin:"
OWN_IDS = {
    "user_id": "person",
    "account_key": "account",
}  # kinds of lists of ids, and the level whose ids they hold


def is_touch_trait(name: str) -> bool:
    return name in marketing.TOUCH_TRAITS


def is_plan_trait(name: str) -> bool:
    return name.startswith(PLAN_TRAITS) and not is_touch_trait(name)


class Level(StrEnum):
    PERSON = "person"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Allowance:
    """How much of a limit a plan (its key) allows; months: the length of its billing period."""

    plan: str
    amount: Decimal
    months: int


@dataclass(frozen=True)
class UsageSpec:
    """How a limit's usage is known, as of publishing. Counted: events of action less those of returning, since the
    first day of the calendar month, of the billing period (they begin on the day of the account's latest period_start,
    and without one with calendar months or years), or ever. Told: the number of a trait; an unknown one is 0."""

    limit: str
    resets: str
    allowances: tuple[Allowance, ...]
    action_version_id: int | None = None
    returning_version_id: int | None = None
    gauge_trait: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "UsageSpec":
        rows = tuple(Allowance(**{**row, "amount": Decimal(row["amount"])}) for row in data["allowances"])
        return cls(**{**data, "allowances": rows})

    @property
    def actions(self) -> set[int]:
        return {key for key in (self.action_version_id, self.returning_version_id) if key is not None}


@dataclass(frozen=True)
class SignalSpec:
    """One signal. `at_least` is what its value must reach (count, days, sum; 1 for milestone and recency).

    Value of a signal at a moment, over events that count (exclusion = 0) with window start <= ts < as_of:
    count: number of events; distinct_days: number of local days with an event; milestone and recency: 1 if there is
    any, else 0 (recency is read in its window, milestone ever); sum: sum of the action's number, nulls as 0; max: its
    greatest number, nulls left out, 0 without any;
    trait: 1 if the trait's value as of the moment passes the test, else 0. The value as of a moment is the one with the
    latest valid_from < as_of (ties: the greatest message id, then the greatest text); an unknown or removed value
    passes no test, not even "is not". Texts are compared in lower case.
    A test of a list (in_list, not_in_list) reads the rows that edition `list_edition` of `list_ref` had, each through
    the local day it expires on. A list of domains holds the domain in the trait's text (an address of e-mail or web, or
    a domain) or one above it; a list of ids is asked for the subject's own ids, from when it was first seen.
    The traits FIRST_TOUCH and LAST_TOUCH with a facet (pqlhub.first_source) are of the first and the last marketing
    touch before as_of, of the person, or of all persons that were in the account by then and count; ingestion.rules.
    marketing says which touches count.
    usage: of accounts, the whole percent of what the plan as of the moment allows, not below 0; 0 where its plan has no
    such limit. next_days and past_days: the day that the trait begins with is today or up to so many days on (back).
    rule: 1 if of the signals named in `rule_of` all, any, at least `at_least` (n_of) or none are true, else 0; and 0
    where every signal that is no rule has the value 0: nothing is said of somebody of whom nothing is known. Rules may
    name rules, never in a circle.
    true when value >= at_least, and value <= at_most when there is one; for an n_of rule when its value is 1. Points
    when true: `points` (fixed), or points x whole value (per occurrence), cut at
    `points_cap` in absolute size when there is one (and always at POINTS_LIMIT); else 0.
    """

    key: str
    name: str
    kind: SignalKind
    points: int
    at_least: Decimal = Decimal(1)
    action_version_id: int | None = None
    window: WindowKind = WindowKind.EVER
    window_length: int | None = None
    trait_name: str = ""
    trait_operator: str = ""
    trait_values: tuple[str, ...] = ()
    list_ref: str = ""  # the key of a List, or "builtin:" and the code of one that comes with the product
    list_name: str = ""
    list_kind: str = ""  # ingestion.models.List.Kind
    list_edition: int | None = None
    list_expires: bool = False  # whether that edition has rows with a date
    usage: UsageSpec | None = None
    per_occurrence: bool = False
    points_cap: int | None = None
    is_required: bool = False
    is_excluding: bool = False  # nobody qualifies while it is true
    at_most: Decimal | None = None
    rule_mode: str = ""  # RuleMode
    rule_of: tuple[str, ...] = ()  # names of signals

    @property
    def enough(self) -> Decimal:
        """From which value on it is true. `at_least` of an n_of rule counts signals, and its value is 0 or 1."""
        return Decimal(1) if self.kind == SignalKind.RULE else self.at_least

    def is_true(self, value: Decimal | int) -> bool:
        return value >= self.enough and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True)
class BandSpec:
    """From `minimum` hundredths up to the next band."""

    name: str
    minimum: int


@dataclass(frozen=True)
class Spec:
    """Everything that decides a score. Bands are sorted by falling minimum."""

    level: Level
    time_zone: str
    enter_threshold: int
    exit_threshold: int
    requalify_after_days: int
    signals: tuple[SignalSpec, ...]
    bands: tuple[BandSpec, ...]
    with_test_sources: bool = False  # also counts what staging and development did; never live

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dict; Decimals as strings."""
        data = asdict(self)
        for signal in data["signals"]:
            signal["at_least"] = str(signal["at_least"])
            signal["at_most"] = None if signal["at_most"] is None else str(signal["at_most"])
            for allowance in (signal["usage"] or {}).get("allowances", ()):
                allowance["amount"] = str(allowance["amount"])
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Spec":
        """The inverse of to_json. Raises KeyError, TypeError or ValueError for anything else."""
        signals = tuple(
            SignalSpec(
                **{
                    **signal,
                    "kind": SignalKind(signal["kind"]),
                    "window": WindowKind(signal["window"]),
                    "at_least": Decimal(signal["at_least"]),
                    "at_most": None if signal.get("at_most") is None else Decimal(signal["at_most"]),
                    "trait_values": tuple(signal["trait_values"]),
                    "rule_of": tuple(signal.get("rule_of", ())),
                    "usage": UsageSpec.from_json(signal["usage"]) if signal.get("usage") else None,
                }
            )
            for signal in data["signals"]
        )
        bands = tuple(BandSpec(**band) for band in data["bands"])
        return cls(**{**data, "level": Level(data["level"]), "signals": signals, "bands": bands})

    def band_of(self, points: int) -> str:
        """Name of the highest band whose minimum is reached, or ''."""
        return next((band.name for band in self.bands if points >= band.minimum), "")
