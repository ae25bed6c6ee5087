"""Reads of enrichments: whom to ask about next, what today's budget leaves, what came back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from ingestion.models import EnrichedAccount, Enrichment
from ingestion.queries.sql import fetch
from ingestion.rules.enrichment import DOMAIN_TRAITS
from tenants.context import current_tenant_id
from tenants.queries import get_tenant

SLICE = 200
LAST = 50
LEASE = timedelta(
    seconds=30
)  # an answer that takes longer was lost with its worker; more than a call may take
FAILED_DAYS = 7  # after which an error is tried again
SETTLED = (EnrichedAccount.Status.FOUND, EnrichedAccount.Status.UNKNOWN, EnrichedAccount.Status.FAILED)

# Accounts that do not count cost nothing.
_DUE = """
SELECT a.id, a.key, a.said FROM (
    SELECT id, key, concat_ws(E'\\n', traits ->> 'domain', traits ->> 'website', traits ->> 'email') AS said
    FROM ingestion_account
    WHERE tenant_id = %(tenant_id)s AND id > %(after)s AND exclusion = 0 AND traits ?| %(traits)s::text[]
) a
LEFT JOIN ingestion_enrichedaccount e
    ON e.tenant_id = %(tenant_id)s AND e.enrichment_id = %(enrichment)s AND e.account_id = a.id
WHERE e.id IS NULL OR e.status = 'waiting' OR CASE e.status
    WHEN 'asking' THEN e.asked_at < %(lost)s
    WHEN 'failed' THEN e.said <> a.said OR e.asked_at < %(failed)s
    ELSE e.said <> a.said OR e.asked_at < %(since)s END
ORDER BY a.id LIMIT %(limit)s
"""


class Due(NamedTuple):
    """An account to ask about; `said` is what names its domain, a trait a line."""

    account_id: int
    key: str
    said: str


@dataclass(frozen=True)
class Today:
    """The budget of a day in the tenant's zone, and when the next one begins."""

    used: int
    left: int
    next_at: datetime


@dataclass(frozen=True)
class EnrichmentLine:
    """An enrichment with today's budget and how many accounts it knows something of."""

    enrichment: Enrichment
    today: Today
    found: int
    unknown: int
    failed: int


def due_accounts(enrichment: Enrichment, *, after: int, now: datetime) -> list[Due]:
    """The next accounts that name a domain and of which nothing fresh is known, in order of their ids. 1 query."""
    since, failed_since = _fresh_since(enrichment, now)
    rows = fetch(
        _DUE,
        enrichment=enrichment.pk,
        after=after,
        traits=list(DOMAIN_TRAITS),
        lost=now - LEASE,
        failed=failed_since,
        since=since,
        limit=SLICE,
    )
    return [Due(*row) for row in rows]


def answers_about(
    enrichment: Enrichment, domains: Iterable[str], *, now: datetime
) -> dict[str, EnrichedAccount]:
    """By domain the fresh answer that another account got, or the question that is on its way. 1 query."""
    status, (since, failed_since) = EnrichedAccount.Status, _fresh_since(enrichment, now)
    fresh = (
        Q(status=status.ASKING, asked_at__gte=now - LEASE)
        | Q(status=status.FAILED, asked_at__gte=failed_since)
        | Q(status__in=(status.FOUND, status.UNKNOWN), asked_at__gte=since)
    )
    rows = EnrichedAccount.objects.filter(fresh, enrichment=enrichment, domain__in=set(domains))
    return {row.domain: row for row in rows.order_by("asked_at")}


def budget_today(enrichment: Enrichment, *, zone: ZoneInfo, now: datetime) -> Today:
    """What the day of this zone leaves. No query."""
    day = now.astimezone(zone).date()
    used = enrichment.calls_today if enrichment.calls_day == day else 0
    next_at = datetime.combine(day + timedelta(days=1), time(), zone)
    return Today(used, max(0, enrichment.calls_per_day - used), next_at)


def is_asking(enrichment: Enrichment, *, now: datetime) -> bool:
    """Whether a question is on its way, which may be lost and then has to be asked again. 1 query."""
    asking = EnrichedAccount.objects.filter(enrichment=enrichment, status=EnrichedAccount.Status.ASKING)
    return bool(asking.filter(asked_at__gte=now - LEASE).exists())


def _fresh_since(enrichment: Enrichment, now: datetime) -> tuple[datetime, datetime]:
    """From when on answers, and errors, are not asked for again."""
    kept = enrichment.keep_days
    return now - timedelta(days=kept), now - timedelta(days=min(kept, FAILED_DAYS))


def enrichment_lines(*, now: datetime) -> list[EnrichmentLine]:
    """Every enrichment, by name. 3 queries."""
    zone = get_tenant(current_tenant_id()).zone
    rows = EnrichedAccount.objects.values("enrichment_id", "status").annotate(number=Count("id"))
    counts = {(row["enrichment_id"], row["status"]): row["number"] for row in rows}
    return [
        EnrichmentLine(
            enrichment,
            budget_today(enrichment, zone=zone, now=now),
            *(counts.get((enrichment.pk, status), 0) for status in SETTLED),
        )
        for enrichment in Enrichment.objects.order_by("name")
    ]


def last_answers(enrichment: Enrichment) -> list[EnrichedAccount]:
    """The newest, of accounts that name a company. 1 query."""
    rows = EnrichedAccount.objects.filter(enrichment=enrichment).exclude(
        status=EnrichedAccount.Status.NO_DOMAIN
    )
    return list(rows.select_related("account").order_by("-asked_at", "-id")[:LAST])


def answers_of_account(account_id: int) -> list[EnrichedAccount]:
    """What each enrichment answered about an account. 1 query."""
    rows = EnrichedAccount.objects.filter(account_id=account_id)
    return list(rows.select_related("enrichment").order_by("enrichment__name"))
