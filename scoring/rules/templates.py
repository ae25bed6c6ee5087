"""Definitions to start from. A template speaks of slots ("Signed in"); its user says which of their events each slot
is. Signals of slots left empty are left out, and thresholds are shares of what the rest can reach. Pure.
"""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher

from scoring.rules.spec import Level, SignalKind, WindowKind

ENTER_SHARE, HOT_SHARE, EXIT_SHARE = 0.5, 0.75, 0.4
ALIKE = 0.72


@dataclass(frozen=True)
class Slot:
    """A kind of event that the template needs, and names products often give it."""

    key: str
    name: str
    usual_names: tuple[str, ...]
    is_required: bool = False


@dataclass(frozen=True)
class TemplateSignal:
    """A signal over a slot. Points are hundredths."""

    name: str
    kind: SignalKind
    slot: str
    points: int
    days: int | None = None
    at_least: int = 1

    @property
    def window(self) -> WindowKind:
        return WindowKind.DAYS if self.days else WindowKind.EVER


@dataclass(frozen=True)
class Template:
    """A definition with open slots. `goal` is the slot of the motion's goal."""

    key: str
    name: str
    description: str
    level: Level
    goal: str
    slots: tuple[Slot, ...]
    signals: tuple[TemplateSignal, ...]


_SIGN_IN = Slot(
    "sign_in", "Signed in", ("Signed In", "login", "Logged In", "User Logged In", "Session Started"), True
)
_INVITE = Slot(
    "invite", "Invited a team mate", ("Invite Sent", "Invited User", "User Invited", "Team Member Invited")
)
_JOINED = Slot("joined", "Invitation accepted", ("Invite Accepted", "Account Added User", "Member Joined"))
_LIMIT = Slot(
    "limit", "Reached a limit", ("Limit Reached", "Quota Exceeded", "Usage Limit Reached", "Paywall Viewed")
)
_INTEGRATION = Slot(
    "integration", "Connected an integration", ("Integration Connected", "Integration Added", "App Connected")
)
_PLANS = Slot(
    "plans", "Looked at plans", ("Plans Viewed", "Pricing Viewed", "Upgrade Viewed", "Billing Viewed")
)
_CORE = Slot(
    "core",
    "Did the main thing your product is for",
    ("Project Created", "Document Created", "Card Created", "Report Created"),
)
_PURCHASE = Slot(
    "purchase",
    "Bought or upgraded",
    ("Subscription Started", "Order Completed", "Upgraded", "Plan Upgraded", "Trial Converted"),
    True,
)
_DAYS, _COUNT, _EVER, _LATELY = (
    SignalKind.DISTINCT_DAYS,
    SignalKind.COUNT,
    SignalKind.MILESTONE,
    SignalKind.RECENCY,
)

TEMPLATES = (
    Template(
        "team-ready",
        "Team ready to buy",
        "An account whose team has arrived, works several days a week and runs into what the free plan allows.",
        Level.ACCOUNT,
        "purchase",
        (_SIGN_IN, _JOINED, _LIMIT, _INTEGRATION, _PLANS, _PURCHASE),
        (
            TemplateSignal("Active on 3 days this week", _DAYS, "sign_in", 2500, 7, 3),
            TemplateSignal("A team mate joined", _COUNT, "joined", 2000, 14),
            TemplateSignal("Reached a limit", _COUNT, "limit", 2500, 14),
            TemplateSignal("Connected an integration", _EVER, "integration", 1500),
            TemplateSignal("Looked at plans lately", _LATELY, "plans", 1500, 7),
        ),
    ),
    Template(
        "champion",
        "Champion in the making",
        "A person who works in the product and pulls others in: the one to talk to.",
        Level.PERSON,
        "purchase",
        (_SIGN_IN, _INVITE, _CORE, _INTEGRATION, _PURCHASE),
        (
            TemplateSignal("Signed in on 3 days this week", _DAYS, "sign_in", 3000, 7, 3),
            TemplateSignal("Invited two team mates", _COUNT, "invite", 2500, 14, 2),
            TemplateSignal("Did the main thing five times", _COUNT, "core", 2500, 7, 5),
            TemplateSignal("Connected an integration", _EVER, "integration", 2000),
        ),
    ),
    Template(
        "habit",
        "Made it a habit",
        "A person who came back on several days of one week: the simplest definition that works with a single event.",
        Level.PERSON,
        "purchase",
        (_SIGN_IN, _PURCHASE),
        (TemplateSignal("Active on 3 days this week", _DAYS, "sign_in", 5000, 7, 3),),
    ),
)


def template(key: str) -> Template:
    """Raises KeyError."""
    return {one.key: one for one in TEMPLATES}[key]


def suggest(slot: Slot, names: Collection[str]) -> str | None:
    """The tenant's own event name that this slot most likely is, or None when nothing is alike enough."""
    best, likeness = None, ALIKE
    for usual in slot.usual_names:  # the most usual first: it wins when two names fit equally well
        for name in names:
            alike = SequenceMatcher(None, _plain(usual), _plain(name)).ratio()
            if alike > likeness:
                best, likeness = name, alike
    return best


def thresholds(signals: Collection[TemplateSignal]) -> tuple[int, int, int]:
    """(enter, hot, exit) in hundredths, rounded to whole points: shares of what these signals can reach together."""
    reachable = sum(signal.points for signal in signals)

    def share(of: float) -> int:
        return max(100, round(reachable * of / 100) * 100)

    return share(ENTER_SHARE), share(HOT_SHARE), share(EXIT_SHARE)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
