"""Reads the database's own catalogue: which tables are behind the wall, in which order they can be emptied, and whether
the wall is whole. Run by `manage.py check_tenancy` at deploy and by the tests."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection

from tenants.base import TenantModel
from tenants.global_tables import GLOBAL_TABLES
from tenants.roles import OWNER_ROLE

# How PostgreSQL prints the one policy text (tenants.rls.POLICY).
POLICY_AS_PRINTED = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::bigint)"
# Functions that run with their owner's rights, each named with its reason.
DEFINER_FUNCTIONS = {
    "authn.tenants_of": "log-in, before a tenant is known",
    "authn.has_membership": "deleting a tenant, which ends the log-ins of people in no other",
    "authn.write_key": "ingest, before a tenant is known",
    "authn.api_token": "the REST API, before a tenant is known",
    "authn.invitation": "joining, before a tenant is known",
    "public.ensure_event_partitions": "only the owner can make partitions",
    "public.drop_event_partition": "only the owner can drop partitions; it checks that no tenant keeps the month",
    "public.erase_personal_rows": "deletes append-only rows, of a tenant where an erasure is running",
    "public.erase_tenant_slice": "deletes append-only rows, of a tenant marked for deletion",
}
# Tables that name a tenant and are claimed or read across tenants on purpose.
TENANT_COLUMN_WITHOUT_WALL = {"tenants_work"}
# Behind the wall, and not a TenantModel because another package owns the model.
FOREIGN_TENANT_TABLES = {"django_admin_log"}


@dataclass(frozen=True)
class Reference:
    """A foreign key between two tables behind the wall."""

    table: str
    to_table: str
    name: str
    carries_tenant: bool


def tenant_tables() -> list[str]:
    """Every table behind the wall, by name; partitions count as their parent."""
    return _column(
        "SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = 'tenant_wall' ORDER BY 1"
    )


def primary_key(table: str) -> list[str]:
    """Column names of the table's primary key, in order."""
    return _column(
        "SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
        " WHERE i.indrelid = ('public.' || quote_ident(%s))::regclass AND i.indisprimary ORDER BY k.place",
        table,
    )


def columns(table: str) -> list[str]:
    """Column names of the table, in order."""
    return _column(
        "SELECT attname FROM pg_attribute WHERE attrelid = ('public.' || quote_ident(%s))::regclass"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        table,
    )


def references() -> list[Reference]:
    """Foreign keys between tables behind the wall."""
    rows = _rows(
        """
        SELECT child.relname, parent.relname, c.conname,
            EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attname = 'tenant_id'
                AND a.attnum = ANY (c.conkey))
            AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attname = 'tenant_id'
                AND a.attnum = ANY (c.confkey))
        FROM pg_constraint c
        JOIN pg_class child ON child.oid = c.conrelid JOIN pg_class parent ON parent.oid = c.confrelid
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT child.relispartition
        ORDER BY 1, 2, 3
        """
    )
    walled = set(tenant_tables())
    return [Reference(*row) for row in rows if row[0] in walled and row[1] in walled]


def emptying_order() -> list[list[str]]:
    """Groups of tables such that emptying them in turn never breaks a foreign key. A group of several tables (they
    refer to each other), or one that refers to itself, must be emptied in one transaction."""
    remaining = set(tenant_tables())
    pairs = {(reference.table, reference.to_table) for reference in references()}
    groups: list[list[str]] = []
    while remaining:
        needed = {parent for child, parent in pairs if child in remaining and child != parent}
        free = sorted(remaining - needed)
        groups.extend([table] for table in free)
        if not free:
            groups.append(sorted(remaining))
            return groups
        remaining -= set(free)
    return groups


def refers_to_itself(group: list[str]) -> bool:
    """Whether a group of emptying_order() must be emptied at once."""
    return len(group) > 1 or any(
        reference.table == reference.to_table == group[0] for reference in references()
    )


def problems() -> list[str]:
    """Every hole in the wall, as sentences; empty when it is whole. Costs a dozen small catalogue queries."""
    return [
        *_role_problems(),
        *_table_problems(),
        *_model_problems(),
        *_key_problems(),
        *_grant_problems(),
        *_view_problems(),
        *_function_problems(),
    ]


def role_problems() -> list[str]:
    """Why the current database role must not serve requests; empty when it may."""
    return list(_role_problems())


def _role_problems() -> Iterator[str]:
    ((name, is_super, bypasses),) = _rows(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    if is_super:
        yield f"The database role {name} is a superuser: row-level security does not hold for it."
    if bypasses:
        yield f"The database role {name} has BYPASSRLS: row-level security does not hold for it."
    owned = _column(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
    )
    if owned:
        yield f"The database role {name} owns tables ({', '.join(owned[:3])}): an owner can take the wall down."
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    for owner in {*_column(owners), *_column("SELECT rolname FROM pg_roles WHERE rolname = %s", OWNER_ROLE)}:
        if (
            owner != name
            and not is_super
            and _column("SELECT pg_has_role(current_user, %s, 'MEMBER')", owner)[0]
        ):
            yield f"The database role {name} is a member of {owner}, which owns tables: it could become it."


def _table_problems() -> Iterator[str]:
    rows = _rows(
        """
        SELECT c.relname, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
            (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
            (SELECT p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}'
                AND pg_get_expr(p.polqual, p.polrelid) = %s AND pg_get_expr(p.polwithcheck, p.polrelid) = %s
             FROM pg_policy p WHERE p.polrelid = c.oid LIMIT 1),
            (SELECT a.attnotnull FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
        FROM pg_class c
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
        ORDER BY 1
        """,
        POLICY_AS_PRINTED,
        POLICY_AS_PRINTED,
    )
    for table, is_partition, enabled, forced, policies, exact, not_null in rows:
        if is_partition:
            continue  # nobody but the owner may touch a partition: _grant_problems
        if not_null is None:
            if table not in GLOBAL_TABLES:
                yield f"{table} has no tenant_id and is not in tenants/global_tables.py."
        elif table in TENANT_COLUMN_WITHOUT_WALL:
            continue
        elif not (enabled and forced):
            yield f"{table}: row-level security is not enabled and forced."
        elif policies != 1 or not exact:
            yield f"{table}: the policy is not exactly the one of tenants/rls.py."
        elif not not_null:
            yield f"{table}.tenant_id may be null."


def _model_problems() -> Iterator[str]:
    walled = set(tenant_tables())
    modelled = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)}
    for table in sorted(modelled - walled):
        yield f"{table} belongs to a TenantModel and is not behind the wall: use SecureTables in its migration."
    for table in sorted(walled - modelled - FOREIGN_TENANT_TABLES):
        yield f"{table} is behind the wall and belongs to no TenantModel."


def _key_problems() -> Iterator[str]:
    for table, index in _rows(
        """
        SELECT c.relname, ic.relname FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class ic ON ic.oid = i.indexrelid
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
            AND c.relrowsecurity AND NOT EXISTS (SELECT 1 FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnum = ANY (i.indkey))
        ORDER BY 1, 2
        """
    ):
        if table not in FOREIGN_TENANT_TABLES:
            yield f"{table}: the unique index {index} does not carry tenant_id."
    for reference in references():
        if not reference.carries_tenant:
            yield f"{reference.table}: the foreign key {reference.name} does not carry tenant_id on both sides."


def _grant_problems() -> Iterator[str]:
    for table, right in _rows(
        """
        SELECT c.relname, r.name FROM pg_class c
        CROSS JOIN (VALUES ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS r(name)
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            AND has_table_privilege(current_user, c.oid, r.name)
        ORDER BY 1, 2
        """
    ):
        yield f"{table}: the current role has {right}, which is not filtered by row."
    for table in _column(
        """
        SELECT c.relname FROM pg_class c
        WHERE c.relispartition AND c.relnamespace = 'public'::regnamespace
            AND (has_table_privilege(current_user, c.oid, 'SELECT')
                OR has_table_privilege(current_user, c.oid, 'INSERT')
                OR has_table_privilege(current_user, c.oid, 'UPDATE')
                OR has_table_privilege(current_user, c.oid, 'DELETE'))
        ORDER BY 1
        """
    ):
        yield f"{table}: the current role may touch a partition directly, where its parent's policy does not hold."


def _view_problems() -> Iterator[str]:
    for name, kind, options in _rows(
        "SELECT relname, relkind, COALESCE(array_to_string(reloptions, ','), '') FROM pg_class"
        " WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace ORDER BY 1"
    ):
        if kind == "m":
            yield f"{name} is a materialized view: it would hold rows of all tenants."
        elif "security_invoker=true" not in options.replace("=on", "=true"):
            yield f"{name} is a view without security_invoker: it would show rows of all tenants."


def _function_problems() -> Iterator[str]:
    found = _column(
        "SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    )
    for name in sorted(set(found) ^ DEFINER_FUNCTIONS.keys()):
        yield f"SECURITY DEFINER functions and the list in tenants/catalogue.py differ: {name}."


def _rows(statement: str, *parameters: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall()


def _column(statement: str, *parameters: str) -> list:
    return [row[0] for row in _rows(statement, *parameters)]
