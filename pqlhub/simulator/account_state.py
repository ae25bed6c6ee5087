"""The state of one account while its history is being made."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from pqlhub.simulator.actions import usage_cumulative_weights
from pqlhub.simulator.conversion import Behaviour, ConversionModel
from pqlhub.simulator.journal import Journal
from pqlhub.simulator.population import Account, Person
from pqlhub.simulator.rhythm import DAY, local_day
from pqlhub.simulator.truth import DailyChance, Expansion

TRIAL_DAYS = 14
PAID_PLANS = ("team", "business")


@dataclass(slots=True)
class AccountState:
    """Mutable; lives only while the account is simulated. Days are local ordinals, moments milliseconds."""

    account: Account
    journal: Journal
    rng: Random
    model: ConversionModel
    plan: str = "trial"  # trial, free, team, business, cancelled
    plan_before: str = "trial"  # the plan before the purchase
    seats: int = 5
    has_addon: bool = False
    joined: dict[int, int] = field(default_factory=dict)  # position in the team -> moment
    joining: dict[int, int] = field(default_factory=dict)  # invited, will accept: position -> moment
    unopened: int = 1  # first position whose invitation has not been decided yet
    behaviour: Behaviour = field(default_factory=Behaviour)
    chances: list[DailyChance] = field(default_factory=list)
    expansions: list[Expansion] = field(default_factory=list)
    converted_at: int | None = None
    revenue: int | None = None
    cancelled_at: int | None = None
    dormant_from: int | None = None
    seats_ordered_for: int | None = None
    month: int = 0  # local month of `records`
    records: int = 0
    stored_bytes: int = 0
    warned_on: dict[str, int] = field(default_factory=dict)  # limit -> day of the last "Limit Reached"
    integrations: list[str] = field(default_factory=list)
    usage_weights: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.usage_weights = usage_cumulative_weights(self.account)

    @property
    def is_paying(self) -> bool:
        return self.plan in PAID_PLANS

    def plan_at(self, at: int) -> str:
        """The plan at a moment of the day at hand, which may be before the purchase of that day."""
        return self.plan_before if self.converted_at is not None and at < self.converted_at else self.plan

    @property
    def owner(self) -> Person:
        return self.account.persons[0]

    @property
    def trial_ends_at(self) -> int:
        return self.account.signed_up_at + TRIAL_DAYS * DAY

    def is_dormant(self, day: int) -> bool:
        """Whether the account has lost interest by that local day."""
        return self.dormant_from is not None and day >= self.dormant_from

    def day_of(self, at: int) -> int:
        """The account's local day at an instant."""
        return local_day(self.account.country.zone, at)
