"""What the simulator knows and a product never does: causes, dates and what would have happened otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from pqlhub.simulator.conversion import ConversionModel, Outreach
from pqlhub.simulator.rhythm import from_ms


class DailyChance(NamedTuple):
    """One day on which an account could buy: it does when `draw < hazard` (times an outreach)."""

    at: datetime  # the moment of the purchase, should it happen that day (UTC)
    hazard: float
    draw: float


class Expansion(NamedTuple):
    at: datetime
    event: str  # "Seats Added", "Plan Upgraded" or "Add-on Started"
    revenue: int  # minor units
    currency: str


@dataclass(frozen=True, slots=True)
class AccountTruth:
    """One account. All moments are UTC; None means: not before the end of the window."""

    account_id: str
    signed_up_at: datetime
    existing_customer: bool  # was there before the window: no free-to-paid conversion to observe
    employees: int
    industry: str
    region: str
    persuadable: bool
    joined_user_ids: tuple[str, ...]
    converted_at: datetime | None
    revenue: int | None  # minor units of the first invoice
    currency: str
    cancelled_at: datetime | None
    dormant_from: datetime | None
    plan_at_end: str
    expansions: tuple[Expansion, ...]
    chances: tuple[DailyChance, ...]  # up to the purchase or the end of the window


def purchase_moment(
    chances: tuple[DailyChance, ...], persuadable: bool, outreach: Outreach, contacted_at: datetime | None
) -> datetime | None:
    """The first day whose draw falls below its hazard, given a contact at that moment or none."""
    for chance in chances:
        contacted = contacted_at is not None and (
            contacted_at <= chance.at < contacted_at + timedelta(days=outreach.window_days)
        )
        ratio = outreach.multiplier if contacted and persuadable else 1.0
        if chance.draw < chance.hazard * ratio:
            return chance.at
    return None


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything known about one simulated history [start, end)."""

    seed: int
    start: datetime
    end: datetime
    model: ConversionModel
    contacts: Mapping[str, datetime]  # account id -> moment of outreach that this history was given
    accounts: Mapping[str, AccountTruth]
    internal_account_id: str
    internal_user_ids: frozenset[str]
    bot_user_ids: frozenset[str]
    bot_anonymous_ids: frozenset[str]
    bot_account_ids: frozenset[str]
    users_in_two_accounts: Mapping[str, tuple[str, str]]
    shared_devices: Mapping[str, tuple[str, ...]]  # anonymous id -> user ids seen with it
    duplicate_message_ids: frozenset[str]  # sent twice
    late_message_ids: Mapping[str, datetime]  # arrives then, out of event-time order

    def conversion_if_contacted(self, account_id: str, contacted_at: datetime | None) -> datetime | None:
        """The potential outcome: when the account buys if contacted then (None: left alone).

        Valid for histories made without contacts; asking a history with contacts raises ValueError.
        """
        if self.contacts:
            raise ValueError(
                "Potential outcomes need a history made without contacts: call simulate() without them."
            )
        account = self.accounts[account_id]
        return purchase_moment(account.chances, account.persuadable, self.model.outreach, contacted_at)


def moment(at: int | None) -> datetime | None:
    """A UTC datetime from milliseconds, keeping None."""
    return None if at is None else from_ms(at)
