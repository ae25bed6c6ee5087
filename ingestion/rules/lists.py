"""Lists of domains or ids: reading what people paste, and what an upload changes. Pure."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ingestion.rules.domains import clean_domain

DOMAIN = "domain"  # a value of ingestion.models.List.Kind
LONGEST_VALUE = 200
LONGEST_NOTE = 200
MOST_ROWS = 200_000
SEPARATORS = "\t;,"
VALUE_HEADINGS = {"value", "domain", "email", "e-mail", "id", "user id", "user_id", "account", "account id"}
VALUE_HEADINGS |= {"account_id", "account key", "group id", "website", "company domain"}
NOTE_HEADINGS = {"note", "why", "comment", "name", "company"}
EXPIRY_HEADINGS = {"expires_on", "expires on", "expires", "until", "expiry"}
FORMULA_STARTS = ("=", "+", "-", "@")  # of a cell that our own export put an apostrophe in front of


@dataclass(frozen=True)
class Line:
    """A row as somebody gave it. An empty note and no date say nothing: they leave what is there as it is."""

    value: str
    note: str = ""
    expires_on: date | None = None


@dataclass(frozen=True)
class Unreadable:
    """A line that is no row: its number from 1, its text, and what to write instead."""

    number: int
    text: str
    why: str


@dataclass(frozen=True)
class Reading:
    """What a text says. `repeated`: lines whose value came before; the last one counts."""

    lines: tuple[Line, ...]
    unreadable: tuple[Unreadable, ...] = ()
    repeated: int = 0


@dataclass
class Difference:
    """What an upload does to a list. `added` and `changed` are the lines as they will be; `gone` are values."""

    added: list[Line] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    same: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.gone)


def clean_entry(kind: str, text: str) -> str:
    """A value as it is stored. Raises ValueError, with words on what to write instead."""
    text = _bare(text)
    if not text:
        raise ValueError("The value is empty.")
    if kind == DOMAIN:
        return clean_domain(text)
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"An id has at most {LONGEST_VALUE} characters.")
    if not text.isprintable():
        raise ValueError("The id holds characters that cannot be printed.")
    return text


def read_text(kind: str, text: str) -> Reading:
    """Lines of `value`, or columns value, note, expires_on with or without headings, separated by comma, semicolon or
    tab. Empty lines and those that begin with # are skipped."""
    places: dict[str, int] | None = None
    found: dict[str, Line] = {}
    unreadable: list[Unreadable] = []
    count = 0
    separator = _separator(text)
    # Not splitlines: a form feed or a line separator inside a cell ends no line of the file.
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        cells = _cells(raw, separator)
        if places is None:
            places, is_heading = _places(cells)
            if is_heading:
                continue
        try:
            line = _line(kind, cells, places)
        except ValueError as error:
            unreadable.append(Unreadable(number, raw[:300], str(error)))
            continue
        count += 1
        found.pop(line.value, None)
        found[line.value] = line
    return Reading(tuple(found.values()), tuple(unreadable), count - len(found))


def difference(stored: Mapping[str, Line], given: Iterable[Line], *, replaces: bool) -> Difference:
    """What giving these lines does to the stored ones. replaces: what is not given goes, and notes and dates are as
    given; else what a line does not say stays."""
    found = Difference()
    values = set()
    for line in given:
        values.add(line.value)
        old = stored.get(line.value)
        if old is None:
            found.added.append(line)
            continue
        new = line if replaces else Line(line.value, line.note or old.note, line.expires_on or old.expires_on)
        if new == old:
            found.same += 1
        else:
            found.changed.append(new)
    if replaces:
        found.gone = [value for value in stored if value not in values]
    return found


def _separator(text: str) -> str:
    """The one that the first line with content uses."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    first = next(lines, "")
    return next((each for each in SEPARATORS if each in first), ",")


def _cells(raw: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([raw], delimiter=separator))]
    except csv.Error:  # a cell of more than 128 KiB
        return [raw[: LONGEST_VALUE + 1]]


def _places(cells: Sequence[str]) -> tuple[dict[str, int], bool]:
    """In which column each field is, and whether these cells are headings."""
    names = [cell.strip().lower() for cell in cells]
    if not VALUE_HEADINGS.intersection(names):
        return {"value": 0, "note": 1, "expires_on": 2}, False
    wanted = {"value": VALUE_HEADINGS, "note": NOTE_HEADINGS, "expires_on": EXPIRY_HEADINGS}
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        for field_name, headings in wanted.items():
            if name in headings:
                found.setdefault(field_name, place)
    return found, True


def _line(kind: str, cells: Sequence[str], places: Mapping[str, int]) -> Line:
    def cell(name: str) -> str:
        place = places.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    value = clean_entry(kind, cell("value"))
    note = _bare(cell("note"))
    if len(note) > LONGEST_NOTE:
        raise ValueError(f"A note has at most {LONGEST_NOTE} characters.")
    if "\x00" in note:
        raise ValueError("The note holds characters that cannot be stored.")
    return Line(value, note, _date(cell("expires_on")))


def _date(text: str) -> date | None:
    if not text:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text[:40]}” is not a date. Write it as 2027-12-31.") from None


def _bare(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running the cell."""
    cell = cell.strip()
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in FORMULA_STARTS else cell
