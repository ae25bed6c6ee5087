"""What the platform's storage page shows. Sizes only, never a tenant's data."""

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from charts import Bar, BarChart, BarSeries, figure
from ingestion.queries.retention import longest_kept
from ingestion.queries.storage import Partition, partitions
from ingestion.rules.retention import goes_on

CHARTED = 24  # partitions
MEGABYTE = 1024 * 1024


def storage() -> dict[str, Any]:
    """Partitions, the newest first, with the day on which each goes, and their chart. 2 queries."""
    parts, longest = partitions(), longest_kept()
    return {
        "longest": longest,
        "chart": figure(_chart(parts[-CHARTED:]), sizes=("narrow", "medium"), heading=False),
        "parts": [(part, goes_on(part.month, longest) if part.month else None) for part in reversed(parts)],
    }


def _chart(parts: list[Partition]) -> BarChart:
    return BarChart(
        title=_("Size by month of receipt, MB"),
        categories=[date_format(part.month, "M y") if part.month else _("other") for part in parts],
        series=[BarSeries(_("MB"), [Bar(round(part.bytes / MEGABYTE, 1)) for part in parts])],
        category_name=_("Month"),
    )
