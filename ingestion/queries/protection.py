"""What merge protection holds back, for the page about it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from ingestion.models import (
    AccountMembership,
    DomainSweep,
    IdentityLimits,
    IdentityLink,
    IdentityRule,
    QuarantinedEvent,
)

SHOWN = 50
Held = IdentityLink.Held


@dataclass(frozen=True)
class HeldId:
    """An id whose links a limit holds back: how many, and when the last of them happened."""

    value: str
    person_id: int
    links: int
    last_at: datetime


@dataclass(frozen=True)
class RuleRow:
    """A rule, and how many links it holds back; None where that is not counted."""

    rule: IdentityRule
    links: int | None


@dataclass(frozen=True)
class Overview:
    """Everything that is held back. `counts` by reason; the lists show the latest SHOWN."""

    limits: IdentityLimits
    counts: dict[int, int]
    devices: list[HeldId]
    users: list[HeldId]
    rules: list[RuleRow]
    quarantined: int
    derived: int  # accounts that users have by their e-mail's domain

    @property
    def shared(self) -> int:
        return self.counts.get(Held.SHARED, 0)

    @property
    def crowd(self) -> int:
        return self.counts.get(Held.CROWD, 0)


def identity_overview() -> Overview:
    """What protects identity in this tenant, and what it held back. 9 queries."""
    held = IdentityLink.objects.exclude(held=Held.NO)
    counts = dict(held.values_list("held").annotate(number=Count("pk")))
    return Overview(
        limits=IdentityLimits.objects.first() or IdentityLimits(),
        counts=counts,
        devices=_held(Held.SHARED, "identity"),
        users=_held(Held.CROWD, "user_identity"),
        rules=_rules(),
        derived=AccountMembership.objects.filter(is_derived=True).values("account_id").distinct().count(),
        quarantined=QuarantinedEvent.objects.filter(code="blocked_id", replayed_at=None)[:SHOWN].count(),
    )


def open_redraw() -> IdentityLimits | None:
    """The limits while history is being judged by them again."""
    return IdentityLimits.objects.filter(redraw_after__isnull=False).first()


def open_domain_sweep() -> DomainSweep | None:
    """While persons follow the switch of accounts by e-mail domain."""
    return DomainSweep.objects.first()


def _held(why: int, end: str) -> list[HeldId]:
    rows = (
        IdentityLink.objects.filter(held=why)
        .values_list(f"{end}__value", f"{end}__person_id")
        .annotate(links=Count("pk"), last_at=Max("ts"))
        .order_by("-last_at")[:SHOWN]
    )
    return [HeldId(*row) for row in rows]


def _rules() -> list[RuleRow]:
    rules = list(IdentityRule.objects.order_by("kind", "verdict", "value")[:200])
    links = _links_by_value()
    return [RuleRow(rule, links.get(rule.value, 0) if _holds_links(rule) else None) for rule in rules]


def _holds_links(rule: IdentityRule) -> bool:
    return rule.kind == IdentityRule.Kind.PERSON_ID and rule.verdict == IdentityRule.Verdict.BLOCKED


def _links_by_value() -> Counter[str]:
    """How many links each blocked id is at an end of."""
    blocked = IdentityRule.objects.filter(kind=IdentityRule.Kind.PERSON_ID).values("value")
    found: Counter[str] = Counter()
    for end in ("identity__value", "user_identity__value"):
        rows = IdentityLink.objects.filter(**{"held": Held.BLOCKED, f"{end}__in": blocked})
        found.update(dict(rows.values_list(end).annotate(number=Count("pk"))))
    return found
