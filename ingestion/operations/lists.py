"""Lists of domains or ids. Every change of rows is an edition: who, when, how many, and the rows of before are kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import List, ListEdition
from ingestion.queries.lists import current_lines
from ingestion.queries.sql import by_column, execute
from ingestion.rules.lists import MOST_ROWS, Difference, Reading, difference
from tenants import audit
from tenants.audit import Actor
from tenants.models import BusinessUnit

_END = """
UPDATE ingestion_listrow SET until = %(edition)s
WHERE tenant_id = %(tenant_id)s AND list_id = %(list)s AND until IS NULL AND value = ANY(%(values)s::text[])
"""
_ADD = """
INSERT INTO ingestion_listrow (tenant_id, list_id, value, note, expires_on, since)
SELECT %(tenant_id)s, %(list)s, r.value, r.note, r.expires_on, %(edition)s
FROM unnest(%(value)b::text[], %(note)b::text[], %(expires_on)b::date[]) AS r(value, note, expires_on)
"""


class ListChanged(Exception):
    """Somebody else changed the list since it was looked at: nothing was written."""

    def __init__(self) -> None:
        text = _(
            "Nothing was saved: somebody else has changed this list since you opened it. Open it again to see how."
        )
        super().__init__(text)


class NothingReplaced(Exception):
    """A list is not replaced by what can be read in part only: what cannot be read would be gone."""


@dataclass(frozen=True)
class Upload:
    """What became of an upload. `reading` has the lines that could not be read."""

    reading: Reading
    difference: Difference = field(default_factory=Difference)


@transaction.atomic
def create_list(
    *, business_unit: BusinessUnit, name: str, kind: str, description: str, by: Actor, now: datetime
) -> List:
    """An empty list. Raises ValidationError."""
    made = List(
        business_unit=business_unit,
        name=name.strip(),
        kind=kind,
        description=description,
        created_at=now,
        changed_at=now,
    )
    made.full_clean()
    made.save(force_insert=True)
    audit.record(by=by, verb="list.created", target=made, fields=["name", "kind"], now=now)
    return made


@transaction.atomic
def edit_list(
    *, list: List, name: str, description: str, by: Actor, now: datetime, seen: tuple[str, str] | None = None
) -> List:
    """Another name or description. seen: those it was opened with. An edit that changes nothing leaves no row. Raises
    ValidationError, and ListChanged when somebody else has changed one of them since."""
    fresh = _lock(list)
    if seen is not None and seen != (fresh.name, fresh.description):
        raise ListChanged
    words = {"name": name.strip(), "description": description}
    changed = [word for word, value in words.items() if getattr(fresh, word) != value]
    if not changed:
        return fresh
    fresh.name, fresh.description = words["name"], description
    fresh.full_clean()
    fresh.save(update_fields=changed)
    audit.record(by=by, verb="list.changed", target=fresh, fields=changed, now=now)
    return fresh


@transaction.atomic
def upload_rows(
    *, list: List, reading: Reading, replaces: bool, by: Actor, now: datetime, seen: int | None = None
) -> Upload:
    """Add the lines that were read, or make the list these lines alone. seen: the edition that was looked at.

    Adding takes what can be read and needs no `seen`: it takes nothing away. Replacing is all or nothing: raises
    NothingReplaced when a line could not be read or there is none, and ListChanged when there is a newer edition than
    `seen`. Raises ValidationError when the list would get too long or is archived.
    """
    fresh = _lock(list)
    _refuse_archived(fresh)
    if replaces and (reading.unreadable or not reading.lines):
        raise NothingReplaced
    if replaces and seen is not None and seen != fresh.edition:
        raise ListChanged
    found = difference(current_lines(fresh), reading.lines, replaces=replaces)
    if fresh.size + len(found.added) - len(found.gone) > MOST_ROWS:
        text = _("A list has at most %(most)s rows. Nothing was changed: split it into several lists.")
        raise ValidationError(text % {"most": f"{MOST_ROWS:,}"})
    _write(fresh, found, by, now)
    return Upload(reading, found)


@transaction.atomic
def remove_rows(*, list: List, values: Iterable[str], by: Actor, now: datetime) -> int:
    """Take values out; how many were there. Raises ValidationError when the list is archived."""
    fresh = _lock(list)
    _refuse_archived(fresh)
    stored = current_lines(fresh)
    found = Difference(gone=[value for value in dict.fromkeys(values) if value in stored])
    _write(fresh, found, by, now)
    return len(found.gone)


@transaction.atomic
def archive_list(*, list: List, by: Actor, now: datetime) -> None:
    """Hide it from whoever looks for a list to use, and change it no more. Archiving twice changes nothing."""
    changed = List.objects.filter(pk=list.pk, archived_at__isnull=True).update(archived_at=now)
    if changed:
        audit.record(by=by, verb="list.archived", target=list, fields=["archived_at"], now=now)


def _lock(list: List) -> List:
    return cast(List, List.objects.select_for_update().get(pk=list.pk))


def _refuse_archived(list: List) -> None:
    if list.archived_at is not None:
        raise ValidationError(_("This list is archived and is not changed any more. Make a new one."))


def _write(list: List, found: Difference, by: Actor, now: datetime) -> None:
    """The next edition; none when nothing changes."""
    if found.is_empty:
        return
    list.edition += 1
    list.size += len(found.added) - len(found.gone)
    list.changed_at = now
    ended = [*found.gone, *(line.value for line in found.changed)]
    execute(_END, list=list.pk, edition=list.edition, values=ended)
    lines = [(line.value, line.note, line.expires_on) for line in (*found.added, *found.changed)]
    execute(_ADD, list=list.pk, edition=list.edition, **by_column("value note expires_on", lines))
    list.save(update_fields=["edition", "size", "changed_at"])
    ListEdition.objects.create(
        list=list,
        number=list.edition,
        at=now,
        by_id=by.user_id,
        added=len(found.added),
        changed=len(found.changed),
        removed=len(found.gone),
        size=list.size,
    )
    audit.record(by=by, verb="list.changed", target=list, fields=["rows"], now=now)
