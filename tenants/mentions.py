"""Finds what rows of others say of somebody who is being erased (a colleague's event “invited ada@acme.com”), in every
text and JSON column of every tenant table, and replaces it there. Read from the database's own catalogue, so a table
that is added next year is looked through too.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg import sql

from tenants import catalogue
from tenants.context import current_tenant_id

ERASED = "[erased]"
PAGE = 20_000
SHORTEST_ID = 6  # characters; a shorter id, or a short number, cannot be told from other values
_COLUMNS = """
SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = ('public.' || quote_ident(%s))::regclass AND a.attnum > 0 AND NOT a.attisdropped
  AND t.typname IN ('text', 'varchar', 'jsonb')
  AND has_column_privilege(current_user, a.attrelid, a.attnum, 'UPDATE')
  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey))
ORDER BY a.attnum
"""


# A page in key order: its hits and its last row. Rows come back in full only where something was found.
_LOOK = sql.SQL("""
WITH page AS MATERIALIZED (
    SELECT {key}, concat_ws(chr(10), {whole}) AS whole FROM {table}
    WHERE tenant_id = %(tenant_id)s {behind} ORDER BY {key} LIMIT {page}
)
SELECT {key}, is_hit FROM (
    SELECT {key}, lower(whole) LIKE ANY (%(emails)s::text[]) OR whole LIKE ANY (%(ids)s::text[]) AS is_hit,
        row_number() OVER (ORDER BY {from_the_end}) AS place
    FROM page) seen
WHERE is_hit OR place = 1 ORDER BY {key}
""")


@dataclass(frozen=True)
class Needles:
    """What tells the person: e-mails (lowercase; found within texts) and ids (found as a whole value)."""

    emails: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def telling_ids(self) -> tuple[str, ...]:
        return tuple(value for value in self.ids if is_telling(value))


@dataclass
class Place:
    """How far the search has come: the table, and the key of the last row seen in it."""

    table: int = 0
    after: list[str] | None = None
    found: dict[str, int] = field(default_factory=dict)


def is_telling(value: str) -> bool:
    """Whether an id stands for its owner wherever it stands alone: long enough, and no short number."""
    return len(value) >= (SHORTEST_ID * 2 if value.isdigit() else SHORTEST_ID)


def replace_page(needles: Needles, place: Place, *, skip: Iterable[str] = ()) -> bool:
    """Look through the next page of the current tenant, change what mentions the needles and move `place` on. Returns
    whether there is more."""
    tables = [table for table in catalogue.tenant_tables() if table not in set(skip)]
    if place.table >= len(tables) or not (needles.emails or needles.telling_ids):
        return False
    table = tables[place.table]
    columns = dict(_rows(_COLUMNS, [table]))
    last, hits = _look(table, list(columns), needles, place.after) if columns else (None, [])
    for key, values in hits:
        place.found[table] = place.found.get(table, 0) + _write(table, key, columns, values, needles)
    if last is None:
        place.table, place.after = place.table + 1, None
    else:
        place.after = last
    return place.table < len(tables)


def cleaned(value: Any, needles: Needles) -> Any:
    """A JSON value without the needles: strings that contain an e-mail, and strings that are an id."""
    if isinstance(value, dict):
        return {cleaned(name, needles): cleaned(each, needles) for name, each in value.items()}
    if isinstance(value, list):
        return [cleaned(each, needles) for each in value]
    if not isinstance(value, str):
        return value
    if value in needles.telling_ids:
        return ERASED
    for email in needles.emails:
        value = _without(value, email)
    return value


def _without(text: str, email: str) -> str:
    """The e-mail taken out, in whatever case it is written."""
    place = text.lower().find(email)
    while place >= 0 and len(text.lower()) == len(text):
        text = text[:place] + ERASED + text[place + len(email) :]
        place = text.lower().find(email)
    return ERASED if place >= 0 else text


def _look(
    table: str, columns: Sequence[str], needles: Needles, after: list[str] | None
) -> tuple[list[str] | None, list[tuple[list[Any], list[Any]]]]:
    """The key of the page's last row (None: the table ends here), and the rows with a needle in them: key, values."""
    key = catalogue.primary_key(table)
    texts = [sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns]
    query = _LOOK.format(
        table=sql.Identifier(table),
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        from_the_end=sql.SQL(", ").join(sql.SQL("{} DESC").format(sql.Identifier(name)) for name in key),
        whole=sql.SQL(", ").join(texts),
        behind=behind(key, after),
        page=sql.Literal(PAGE),
    )
    parameters: dict[str, Any] = {
        "tenant_id": current_tenant_id(),
        "emails": [f"%{_escaped(email)}%" for email in needles.emails],
        "ids": [f"%{_escaped(value)}%" for value in needles.telling_ids],
        **key_parameters(after),
    }
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.connection), parameters)
        rows = cursor.fetchall()
        hits = []
        for *row_key, is_hit in rows:
            if is_hit:
                cursor.execute(_read(table, key, texts).as_string(cursor.connection), row_key)
                hits.append((row_key, list(cursor.fetchone())))
    return ([str(value) for value in rows[-1][:-1]] if rows else None), hits


def behind(key: Sequence[str], after: list[str] | None) -> sql.Composable:
    """The condition for rows that come after a key given as texts, with parameters k0, k1, ...; PostgreSQL reads them
    as what the columns are."""
    if after is None:
        return sql.SQL("")
    names = sql.SQL(", ").join(map(sql.Identifier, key))
    values = sql.SQL(", ").join(sql.Placeholder(f"k{place}") for place in range(len(key)))
    return sql.SQL("AND ({}) > ({})").format(names, values)


def key_parameters(after: list[str] | None) -> dict[str, str]:
    return {f"k{place}": value for place, value in enumerate(after or ())}


def _read(table: str, key: Sequence[str], texts: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL("SELECT {} FROM {} WHERE {}").format(
        sql.SQL(", ").join(texts), sql.Identifier(table), _is_row(key)
    )


def _write(
    table: str, key: Sequence[Any], columns: dict[str, str], values: Sequence[Any], needles: Needles
) -> int:
    """Change the columns of one row that mention somebody. Returns 1 when there was something to change."""
    changed = {}
    for (column, kind), text in zip(columns.items(), values, strict=True):
        if text is None:
            continue
        after = json.dumps(cleaned(json.loads(text), needles)) if kind == "jsonb" else cleaned(text, needles)
        before = json.dumps(json.loads(text)) if kind == "jsonb" else text
        if after != before:
            changed[column] = after
    if not changed:
        return 0
    settings = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in changed)
    statement = sql.SQL("UPDATE {} SET {} WHERE {}").format(
        sql.Identifier(table), settings, _is_row(catalogue.primary_key(table))
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection), [*changed.values(), *key])
    return 1


def _is_row(key: Sequence[str]) -> sql.Composable:
    return sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in key)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _rows(statement: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
