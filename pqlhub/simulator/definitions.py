"""Definitions that make sense on the simulated data: what the demo creates for its two business units.

Plain data in the product's words. Days are calendar days including today; points are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from pqlhub.simulator.account_state import PAID_PLANS

Value = int | str | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SuggestedAction:
    """A named kind of event. `filters` compare properties for equality; `number` is the property to sum."""

    name: str
    event: str
    type: str = "track"  # or page
    filters: tuple[tuple[str, str], ...] = ()
    number: str | None = None


@dataclass(frozen=True, slots=True)
class SuggestedSignal:
    """One test. What is compared, by kind:

    count: events in the window · distinct_days: local days with an event in the window · sum: the action's
    number over the window · milestone: ever happened · recency: happened in the window · trait: its value.
    """

    name: str
    kind: str
    points: int
    action: SuggestedAction | None = None
    window_days: int | None = None
    operator: str = ">="  # >=, = or in
    value: Value = 1
    trait: str | None = None


@dataclass(frozen=True, slots=True)
class SuggestedBand:
    name: str
    at_least: int  # points
    is_pql: bool


@dataclass(frozen=True, slots=True)
class SuggestedDefinition:
    name: str
    business_unit: str
    subject: str  # person or account
    motion: str
    goal: SuggestedAction
    description: str
    signals: tuple[SuggestedSignal, ...]
    threshold: int
    bands: tuple[SuggestedBand, ...]


SIGNED_IN = SuggestedAction("Signed in", "Signed In")
INVITED = SuggestedAction("Invited a team mate", "Invite Sent")
INVITE_ACCEPTED = SuggestedAction("Invitation accepted", "Invite Accepted")
LIMIT_REACHED = SuggestedAction("Reached a plan limit", "Limit Reached")
INTEGRATION_CONNECTED = SuggestedAction("Connected an integration", "Integration Connected")
PREMIUM_TRIED = SuggestedAction("Tried a premium feature", "Premium Feature Tried")
PLANS_VIEWED = SuggestedAction("An admin compared plans", "Plans Viewed", filters=(("role", "admin"),))
CARD_CREATED = SuggestedAction("Created records", "Card Created", number="records")
BOARD_CREATED = SuggestedAction("Created a board", "Board Created")
REPORT_EXPORTED = SuggestedAction("Exported a report", "Report Exported", number="rows")
INSIGHTS_PREVIEWED = SuggestedAction("Previewed Insights", "Insights Previewed")
DASHBOARD_VIEWED = SuggestedAction("Viewed a dashboard", "Dashboard Viewed")
SUBSCRIBED = SuggestedAction("Subscription started", "Subscription Started", number="revenue")
ADDON_STARTED = SuggestedAction(
    "Insights started", "Add-on Started", filters=(("addon", "insights"),), number="revenue"
)


def _bands(hot: int, warm: int) -> tuple[SuggestedBand, ...]:
    return (
        SuggestedBand("hot", hot, True),
        SuggestedBand("warm", warm, True),
        SuggestedBand("cold", 0, False),
    )


def _account_trait(name: str, trait: str, operator: str, value: Value, points: int) -> SuggestedSignal:
    return SuggestedSignal(name, "trait", points, operator=operator, value=value, trait=trait)


TEAM_READY_TO_BUY = SuggestedDefinition(
    name="Team ready to buy",
    business_unit="Boards",
    subject="account",
    motion="free to paid",
    goal=SUBSCRIBED,
    description="A free or trial account whose team has arrived and runs into what the free plan allows.",
    signals=(
        SuggestedSignal("Active on 3 days this week", "distinct_days", 20, SIGNED_IN, 7, value=3),
        SuggestedSignal("A team mate accepted", "count", 20, INVITE_ACCEPTED, 14),
        SuggestedSignal("Reached a limit", "count", 30, LIMIT_REACHED, 7),
        SuggestedSignal("Integration connected", "milestone", 20, INTEGRATION_CONNECTED),
        SuggestedSignal("Tried premium features", "count", 15, PREMIUM_TRIED, 14),
        SuggestedSignal("Admin compared plans", "recency", 15, PLANS_VIEWED, 7),
        SuggestedSignal("Created 40 records this week", "sum", 10, CARD_CREATED, 7, value=40),
        _account_trait("20 or more employees", "employees", ">=", 20, 10),
        _account_trait("Software or agency", "industry", "in", ("Software", "Marketing agency"), 5),
        _account_trait("Already pays or has left", "plan", "in", (*PAID_PLANS, "cancelled"), -200),
    ),
    threshold=60,
    bands=_bands(85, 60),
)

CHAMPION = SuggestedDefinition(
    name="Champion in the making",
    business_unit="Boards",
    subject="person",
    motion="free to paid",
    goal=SUBSCRIBED,
    description="A person who works in the product and pulls others in: the one to talk to.",
    signals=(
        SuggestedSignal("Signed in on 3 days this week", "distinct_days", 30, SIGNED_IN, 7, value=3),
        SuggestedSignal("Invited two team mates", "count", 25, INVITED, 14, value=2),
        SuggestedSignal("Connected an integration", "milestone", 20, INTEGRATION_CONNECTED),
        SuggestedSignal("Created 15 records this week", "sum", 15, CARD_CREATED, 7, value=15),
        SuggestedSignal("Created a board lately", "recency", 10, BOARD_CREATED, 14),
        SuggestedSignal("Tried a premium feature", "count", 10, PREMIUM_TRIED, 14),
        SuggestedSignal("Is an admin", "trait", 15, operator="=", value="admin", trait="role"),
    ),
    threshold=45,
    bands=_bands(70, 45),
)

READY_FOR_INSIGHTS = SuggestedDefinition(
    name="Ready for Insights",
    business_unit="Insights",
    subject="account",
    motion="add-on expansion",
    goal=ADDON_STARTED,
    description="A paying account that already does its reporting by hand, so to say.",
    signals=(
        _account_trait("Pays for Boards", "plan", "in", PAID_PLANS, 30),
        SuggestedSignal("Previewed Insights twice", "count", 30, INSIGHTS_PREVIEWED, 14, value=2),
        SuggestedSignal("Exported 2,000 rows this month", "sum", 10, REPORT_EXPORTED, 30, value=2_000),
        SuggestedSignal("Exported on several days", "distinct_days", 20, REPORT_EXPORTED, 14, value=2),
        SuggestedSignal("Viewed a dashboard this week", "recency", 10, DASHBOARD_VIEWED, 7),
        _account_trait("100 or more employees", "employees", ">=", 100, 10),
        _account_trait("Has Insights already", "insights", "=", True, -200),
    ),
    threshold=60,
    bands=_bands(80, 60),
)


def suggested_definitions() -> tuple[SuggestedDefinition, ...]:
    """Three definitions for the demo's two business units. Bots and staff are left to its exclusions."""
    return (TEAM_READY_TO_BUY, CHAMPION, READY_FOR_INSIGHTS)
