"""What every report is made of. One template shows them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from charts import Svg, formats
from reports.stats import LEAST, Proportion

Cell = object  # text, a number, a formats.LinkedText that leads to rows, or a drawing


@dataclass(frozen=True)
class Figure:
    """A number with its name, what to know about it, and the way to the rows behind it."""

    label: str
    value: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True)
class Column:
    name: str
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    def cells(self) -> list[list[tuple[Column, Cell]]]:
        """Rows of (column, cell), as the template wants them."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Section:
    """A heading with sentences, a chart, a table."""

    heading: str
    texts: Sequence[str] = ()
    chart: Svg | None = None
    table: Table | None = None


@dataclass(frozen=True)
class Empty:
    """Why there is nothing to see, and what to do about it."""

    title: str
    text: str
    href: str = ""
    label: str = ""


@dataclass(frozen=True)
class Report:
    """A report, ready to be shown, or (empty) the reason why it cannot say anything yet.

    words: what the page's explanation of the method (templates/reports/_method_<name>.html) needs to know. sheet: the
    numbers for CSV and API, the header first.
    """

    name: str
    title: str
    figures: Sequence[Figure] = ()
    sections: Sequence[Section] = ()
    notes: Sequence[str] = ()
    words: Mapping[str, object] = field(default_factory=dict)
    sheet: Sequence[Sequence[object]] = field(default_factory=list)
    empty: Empty | None = None


def share_text(share: Proportion) -> str:
    """ "12.5%", or that it cannot be said yet."""
    return _("Cannot say yet") if share.share is None else formats.percent(share.share)


def interval_text(share: Proportion) -> str:
    """ "9.1% to 16.8%", or how many finished cases are missing."""
    if share.interval is None:
        return too_few(share.total)
    low, high = share.interval
    return _("%(low)s to %(high)s") % {"low": formats.percent(low), "high": formats.percent(high)}


def too_few(number: int) -> str:
    return _("%(number)s of at least %(least)s needed") % {"number": formats.number(number), "least": LEAST}


def percentage(share: float | None) -> float | None:
    """For sheets: a share as a fraction with six digits; None stays empty."""
    return None if share is None else round(share, 6)


def text_column(name: str) -> Column:
    return Column(name, is_number=False)
