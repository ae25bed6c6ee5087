"""What each origin says about a person or an account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from ingestion.models import TraitValue
from ingestion.queries.sql import fetch

MOST = 500  # traits of one subject that are shown

# The latest of each origin; of a person's identities together.
_TOLD = """
SELECT DISTINCT ON (name, origin) name, origin, value, valid_from, is_shadowed, message_id
FROM ingestion_traitvalue
WHERE tenant_id = %(tenant_id)s AND subject_kind = %(kind)s AND subject_id = ANY(%(ids)s::bigint[])
ORDER BY name, origin, valid_from DESC, message_id COLLATE "C" DESC
LIMIT %(limit)s
"""
_IDENTITIES = "SELECT id FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND person_id = %(person)s"


@dataclass(frozen=True)
class Word:
    """What one origin says, and since when."""

    value: Any
    origin: int
    since: datetime

    @property
    def said_by(self) -> str:
        return str(TraitValue.Origin(self.origin).label)


@dataclass
class ToldTrait:
    """A trait: the word that holds, None while it is not known whose, and what the others say, newest first."""

    name: str
    holds: Word | None = None
    others: list[Word] = field(default_factory=list)


def traits_told(kind: int, key: int) -> list[ToldTrait]:
    """The traits of a person (by its id) or an account, by name. 1 query for an account, 2 for a person."""
    is_account = kind == TraitValue.Subject.ACCOUNT
    ids = [key] if is_account else [row[0] for row in fetch(_IDENTITIES, person=key)]
    found: dict[str, ToldTrait] = {}
    for name, words in _by_name(fetch(_TOLD, kind=kind, ids=ids, limit=MOST)).items():
        valid = [row for row in words if not row[4]]
        best = max(valid, key=lambda row: (row[3], row[5])) if valid else None
        others = [_word(row) for row in words if row is not best]
        found[name] = ToldTrait(
            name, _word(best) if best else None, sorted(others, key=lambda word: word.since, reverse=True)
        )
    return [found[name] for name in sorted(found)]


def _by_name(rows: Sequence[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return grouped


def _word(row: Any) -> Word:
    _name, origin, value, since, *_rest = row
    return Word(None if value is None else orjson.loads(value), origin, since)
