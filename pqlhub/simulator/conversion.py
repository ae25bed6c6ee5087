"""Why accounts buy: the documented causes and how strong they are.

Once a local day, before anything of that day happens, an account that has not bought draws against

    hazard = min(cap, base * weekday * exp(sum of the weights of the features that hold))

where features look only at earlier local days. Everything that is not in these tables has no influence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pqlhub.simulator.population import Account
from pqlhub.simulator.rhythm import day_factor

NEVER = -10_000  # a day long before every window

CONVERSION_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "three_active_teammates_7d": 1.2,
        "invitation_accepted_14d": 0.8,
        "limit_reached_7d": 1.3,
        "integration_connected_ever": 0.9,
        "premium_tried_14d": 0.6,
        "trial_ending": 0.7,
        "inactive_14d": -2.0,
        "employees_20_to_500": 0.5,
        "employees_below_10": -0.6,
        "industry_software_or_agency": 0.4,
        "industry_education_or_non_profit": -0.4,
    }
)
ADDON_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "insights_previewed_twice_14d": 2.1,
        "three_exports_14d": 1.4,
        "three_active_teammates_7d": 0.5,
        "employees_100_or_more": 0.6,
    }
)
UPGRADE_WEIGHTS: Mapping[str, float] = MappingProxyType({"limit_reached_7d": 1.2, "premium_tried_14d": 0.9})
CANCEL_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"inactive_14d": 2.2, "support_ticket_14d": 0.5, "three_active_teammates_7d": -0.8}
)

PLACEBO_EVENTS = ("Dark Mode Toggled", "Help Viewed")  # popular, drawn independently of everything else
CONFOUNDED_EVENTS = ("Board Viewed", "Card Created", "Comment Added", "Search Performed")  # only via activity
SYMPTOM_EVENTS = ("Plans Viewed",)  # an admin who is about to buy looks; looking itself changes nothing
LEAKY_EVENTS = ("Billing Settings Viewed",)  # at the check-out and after it: reverse causation


@dataclass(frozen=True, slots=True)
class Outreach:
    """What contacting an account does: its hazard is multiplied for a while, if it is persuadable."""

    window_days: int = 7
    multiplier: float = 2.5


@dataclass(frozen=True, slots=True)
class ConversionModel:
    """All parameters of buying. Base hazards are per local working day."""

    base: float = 0.0008
    addon_base: float = 0.0009
    upgrade_base: float = 0.0006
    cancel_base: float = 0.0007
    cap: float = 0.30
    weights: Mapping[str, float] = field(default_factory=lambda: CONVERSION_WEIGHTS)
    outreach: Outreach = field(default_factory=Outreach)


@dataclass(slots=True)
class Behaviour:
    """What the hazards may look at: local days of the last time each thing happened in one account."""

    last_active: dict[int, int] = field(default_factory=dict)  # position of the person in the team -> day
    invitation_accepted: int = NEVER
    limit_reached: int = NEVER
    integration_connected: int = NEVER
    premium_tried: int = NEVER
    support_ticket: int = NEVER
    insights_previews: list[int] = field(default_factory=list)
    exports: list[int] = field(default_factory=list)


def features_on(day: int, behaviour: Behaviour, account: Account, trial_day: int) -> frozenset[str]:
    """The features that hold at the start of local day `day`; `trial_day` counts days since sign-up."""
    last_active = behaviour.last_active.values()
    holds = {
        "three_active_teammates_7d": sum(last >= day - 7 for last in last_active) >= 3,
        "inactive_14d": max(last_active, default=NEVER) < day - 14,
        "invitation_accepted_14d": behaviour.invitation_accepted >= day - 14,
        "limit_reached_7d": behaviour.limit_reached >= day - 7,
        "integration_connected_ever": behaviour.integration_connected > NEVER,
        "premium_tried_14d": behaviour.premium_tried >= day - 14,
        "support_ticket_14d": behaviour.support_ticket >= day - 14,
        "insights_previewed_twice_14d": sum(seen >= day - 14 for seen in behaviour.insights_previews) >= 2,
        "three_exports_14d": sum(seen >= day - 14 for seen in behaviour.exports) >= 3,
        "trial_ending": 10 <= trial_day <= 17,
        "employees_20_to_500": 20 <= account.employees <= 500,
        "employees_below_10": account.employees < 10,
        "employees_100_or_more": account.employees >= 100,
        "industry_software_or_agency": account.industry in ("Software", "Marketing agency"),
        "industry_education_or_non_profit": account.industry in ("Education", "Non-profit"),
    }
    return frozenset(name for name, value in holds.items() if value)


def hazard_on(
    day: int,
    features: frozenset[str],
    account: Account,
    base: float,
    weights: Mapping[str, float],
    cap: float,
) -> float:
    """Probability of the purchase (or cancellation) on local day `day`."""
    log_ratio = math.fsum(weight for name, weight in weights.items() if name in features)
    return min(cap, base * day_factor(account.country.region, day) * math.exp(log_ratio))
