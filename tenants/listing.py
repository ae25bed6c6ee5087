"""What our lists on Django admin add to it: columns read once for the whole page, and download as CSV."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html, strip_tags
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy

from tenants.csv_file import MOST_ROWS, csv_file


def moment(value: datetime | None) -> str:
    """A time in a list: in the tenant's zone, short, on one line."""
    if value is None:
        return "–"
    text = date_format(localtime(value), "M j, Y H:i")
    return format_html('<span class="pq-when">{}</span>', text)


class Listing:
    """A mixin for ModelAdmin. `prepare_rows` puts what several columns need onto the rows of a page."""

    actions: Any = ["download_csv"]
    opts: Any
    list_display: Any

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Read what the columns show beyond the rows themselves, in as many queries for one row as for all."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)  # type: ignore[misc]
        self.prepare_rows(request, changelist.result_list)
        return changelist

    @admin.action(description=gettext_lazy("Download as CSV"), permissions=["view"])
    def download_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """The chosen rows with the columns of the list."""
        rows = list(queryset[:MOST_ROWS])
        self.prepare_rows(request, rows)
        header = [str(label_for_field(name, self.opts.model, cast(Any, self))) for name in self.list_display]
        lines = [[self._text(name, row) for name in self.list_display] for row in rows]
        return csv_file(str(self.opts.model_name), [header, *lines])

    def _text(self, name: str, row: Any) -> str:
        field, _attribute, value = lookup_field(name, row, cast(Any, self))
        shown = value if field is None or field.remote_field else display_for_field(value, field, "")
        return " ".join(strip_tags(str("" if shown is None else shown)).split())
