"""What is held about one person or account, table by table. Each room lists its own tables (`Holding`); an export reads
them and an erasure empties them by the same condition, so that what can be had back is what goes, and no table is
forgotten: a test asks of every tenant table whether some room has said what becomes of it.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants import catalogue
from tenants.context import current_tenant_id
from tenants.mentions import behind, key_parameters

# Rows of the subjects in scope, where a table names them by kind (1 person, 2 account) and key.
SUBJECTS = (
    "((t.{kind} = 1 AND t.{id} = ANY(%(persons)s::bigint[]))"
    " OR (t.{kind} = 2 AND t.{id} = ANY(%(accounts)s::bigint[])))"
)
OF_SUBJECTS = SUBJECTS.format(kind="subject_kind", id="subject_id")
SECRETS = {"hash", "previous_hash"}  # columns that say nothing to the person


@dataclass(frozen=True)
class Scope:
    """Whom an export or an erasure is about, as keys and as received: persons with those merged into them, their
    identities, accounts, the identities seen in those accounts, leads; ids, e-mails (lowercase), group ids and names of
    accounts; and texts that stand in a raw event only when it names them."""

    persons: tuple[int, ...] = ()
    identities: tuple[int, ...] = ()
    accounts: tuple[int, ...] = ()
    members: tuple[int, ...] = ()
    leads: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    account_keys: tuple[str, ...] = ()
    account_names: tuple[str, ...] = ()
    raw_marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Holding:
    """One table's rows about somebody. `where` is a condition on its alias t with the names of Scope as parameters.

    is_kept: erasing leaves the rows, because they hold numbers and keys that lead to nobody once the rest is gone.
    is_appended: the app may not delete from the table by itself, only through erase_personal_rows."""

    table: str
    title: str | Promise
    where: str
    is_kept: bool = False
    is_appended: bool = False


def read_page(
    holding: Holding, scope: Scope, *, after: list[str] | None, size: int
) -> tuple[list[str], list[str] | None]:
    """The rows behind the key `after` as JSON texts, in key order, and the key of the last one; None: there are no
    more."""
    key = catalogue.primary_key(holding.table)
    columns = [name for name in catalogue.columns(holding.table) if name not in SECRETS]
    statement = _statement(
        "SELECT row_to_json(r)::text, {key} FROM (SELECT {columns} FROM {table} t WHERE {where} {behind}) AS r"
        " ORDER BY {key} LIMIT {size}",
        holding,
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        behind=behind(key, after),
        size=sql.Literal(size),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, _parameters(scope) | key_parameters(after))
        rows = cursor.fetchall()
    last = [str(value) for value in rows[-1][1:]] if len(rows) == size else None
    return [row[0] for row in rows], last


def erase_slice(holding: Holding, scope: Scope, *, limit: int) -> int:
    """Delete up to `limit` rows. Returns how many."""
    key = catalogue.primary_key(holding.table)
    names = sql.SQL(", ").join(map(sql.Identifier, key))
    slice_of = "SELECT {key} FROM {table} t WHERE {where} LIMIT {limit}"
    statement = slice_of if holding.is_appended else "DELETE FROM {table} WHERE ({key}) IN (" + slice_of + ")"
    made = _statement(statement, holding, key=names, limit=sql.Literal(limit))
    with connection.cursor() as cursor:
        cursor.execute(made, _parameters(scope))
        if not holding.is_appended:
            return cursor.rowcount
        keys = [row[key.index("id")] for row in cursor.fetchall()]
        cursor.execute("SELECT erase_personal_rows(%s, %s::bigint[])", [holding.table, keys])
        return int(cursor.fetchone()[0])


def count_rows(holding: Holding, scope: Scope) -> int:
    """How many rows there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            _statement("SELECT count(*) FROM {table} t WHERE {where}", holding), _parameters(scope)
        )
        return int(cursor.fetchone()[0])


def _parameters(scope: Scope) -> dict[str, Any]:
    named = {name: list(value) for name, value in asdict(scope).items()}
    return named | {"tenant_id": current_tenant_id()}


def _statement(text: str, holding: Holding, **parts: sql.Composable) -> str:
    """`text` with its parts; the holding's condition has parameters of its own, and is one of them."""
    where = sql.SQL("t.tenant_id = %(tenant_id)s AND ({})").format(sql.SQL(holding.where))
    with connection.cursor() as cursor:
        composed = sql.SQL(text).format(table=sql.Identifier(holding.table), where=where, **parts)
        return str(composed.as_string(cursor.connection))


AUDIT = Holding(
    "tenants_auditevent",
    _("mentions in the audit log"),
    "(t.target_type = 'ingestion.person' AND t.target_id = ANY(%(persons)s::bigint[]::text[]))"
    " OR (t.target_type = 'ingestion.account' AND t.target_id = ANY(%(accounts)s::bigint[]::text[]))"
    " OR (t.target_type = 'routing.lead' AND t.target_id = ANY(%(leads)s::text[]))",
    is_kept=True,
)
