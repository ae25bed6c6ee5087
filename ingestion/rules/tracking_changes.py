"""What changed from one version of a tracking plan to the next, piece by piece; the console puts it into words."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ingestion.rules.tracking import Document, key_of, title_of
from ingestion.rules.tracking_rows import Row, Rows, rows_of

SETTINGS = ("mode", "unplanned_events", "event_naming", "property_naming")


class Change(NamedTuple):
    """One difference. what: a setting, event_added, event_removed, description, schema, is_open, property_added,
    property_removed, or a field of tracking_rows.Row. event: its title, "" for the plan itself."""

    what: str
    event: str = ""
    property: str = ""
    before: Any = None
    after: Any = None


def changes(before: Document, after: Document) -> list[Change]:
    """All differences: settings first, then events by type and name."""
    found = [
        Change(name, before=before[name], after=after[name])
        for name in SETTINGS
        if before[name] != after[name]
    ]
    old = {key_of(event): event for event in before["events"]}
    new = {key_of(event): event for event in after["events"]}
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            number = len(new[key]["schema"].get("properties", {}))
            found.append(Change("event_added", title_of(new[key]), after=number))
        elif key not in new:
            found.append(Change("event_removed", title_of(old[key])))
        else:
            found += _of_event(old[key], new[key])
    return found


def _of_event(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    title = title_of(after)
    if before["description"] != after["description"]:
        yield Change("description", title, before=before["description"], after=after["description"])
    if before["schema"] == after["schema"]:
        return
    old, new = rows_of(before["schema"]), rows_of(after["schema"])
    if old is None or new is None:
        yield Change("schema", title)
    else:
        yield from _of_rows(title, old, new)


def _of_rows(title: str, before: Rows, after: Rows) -> Iterator[Change]:
    if before.is_open != after.is_open:
        yield Change("is_open", title, before=before.is_open, after=after.is_open)
    old = {row.name: row for row in before.rows}
    new = {row.name: row for row in after.rows}
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Change("property_added", title, name, after=new[name])
        elif name not in new:
            yield Change("property_removed", title, name)
        else:
            yield from _of_row(title, old[name], new[name])


def _of_row(title: str, before: Row, after: Row) -> Iterator[Change]:
    for name in ("type", "is_required", "may_be_null", "allowed", "description"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(name, title, after.name, old, new)
