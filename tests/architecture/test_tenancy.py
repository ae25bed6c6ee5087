"""The wall, read from the database's own catalogue: what is not there cannot be relied on."""

import pytest
from django.apps import apps

from tenants.base import TenantModel
from tenants.global_tables import GLOBAL_TABLES
from tenants.rls import POLICY
from tenants.roles import APP_ROLE

pytestmark = pytest.mark.django_db

TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]
BEHIND_THE_WALL = {model._meta.db_table for model in TENANT_MODELS} | {"django_admin_log"}


def tables(owner) -> dict[str, tuple[bool, bool]]:
    """Every table that is not a partition: (row security on, forced)."""
    rows = owner.execute(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
    ).fetchall()
    return {name: (on, forced) for name, on, forced in rows}


def test_every_table_is_behind_the_wall_or_on_the_reasoned_list(owner_connection):
    assert set(tables(owner_connection)) == BEHIND_THE_WALL | set(GLOBAL_TABLES)


def test_row_security_is_on_and_forced(owner_connection):
    found = tables(owner_connection)

    assert {name: found[name] for name in BEHIND_THE_WALL if found[name] != (True, True)} == {}


def test_each_table_has_exactly_one_permissive_policy_with_the_exact_text(owner_connection):
    rows = owner_connection.execute(
        "SELECT tablename, policyname, permissive, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
    ).fetchall()
    text = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::bigint)"

    assert {(row[0], *row[2:]) for row in rows} == {
        (name, "PERMISSIVE", "ALL", text, text) for name in BEHIND_THE_WALL
    }
    assert len(rows) == len(BEHIND_THE_WALL)
    assert "NULLIF" in POLICY


def test_the_app_role_is_neither_superuser_nor_owner_nor_above_the_wall(owner_connection):
    row = owner_connection.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, pg_has_role(rolname, 'pqlhub_owner', 'member'),"
        " pg_has_role(rolname, 'pqlhub_authn', 'member') FROM pg_roles WHERE rolname = %s",
        [APP_ROLE],
    ).fetchone()

    assert row == (False, False, False, False, False)


def test_tests_run_as_the_app_role(db):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APP_ROLE,)


def test_every_index_of_a_tenant_table_leads_with_the_tenant(owner_connection):
    """Apart from those for keys into tables of the platform: users and their like are deleted without a tenant."""
    rows = owner_connection.execute(
        "SELECT t.relname, i.relname, a.attname FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid"
        " JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]"
        " WHERE t.relnamespace = 'public'::regnamespace"
    ).fetchall()
    offenders = {
        row[0] + "." + row[2]
        for row in rows
        if row[0] in BEHIND_THE_WALL - {"django_admin_log"} and row[2] != "tenant_id"
    }

    assert offenders == {
        "tenants_apitoken.created_by_id",
        "tenants_apitoken.user_id",
        "tenants_invitation.invited_by_id",
        "tenants_membership.user_id",
    }


def test_foreign_keys_between_tenant_tables_carry_the_tenant(owner_connection):
    rows = owner_connection.execute(
        "SELECT c.conname, t.relname, f.relname, array_length(c.conkey, 1) FROM pg_constraint c"
        " JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid WHERE c.contype = 'f'"
    ).fetchall()

    assert [
        row for row in rows if row[1] in BEHIND_THE_WALL and row[2] in BEHIND_THE_WALL and row[3] != 2
    ] == []


def test_the_app_has_no_rights_on_partitions_and_no_dangerous_rights_anywhere(owner_connection):
    rows = owner_connection.execute(
        "SELECT g.table_name, g.privilege_type FROM information_schema.role_table_grants g"
        " JOIN pg_class t ON t.relname = g.table_name WHERE g.grantee = %s"
        " AND (t.relispartition OR g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER'))",
        [APP_ROLE],
    ).fetchall()

    assert rows == []


def test_there_are_no_views_and_only_known_definer_functions(owner_connection):
    views = owner_connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
    ).fetchall()
    functions = owner_connection.execute(
        "SELECT p.pronamespace::regnamespace::text || '.' || p.proname FROM pg_proc p WHERE p.prosecdef"
        " AND p.pronamespace::regnamespace::text IN ('public', 'authn')"
    ).fetchall()

    assert views == []
    assert {name for (name,) in functions} <= {
        "authn.tenants_of",
        "authn.write_key",
        "authn.api_token",
        "authn.invitation",
        "public.ensure_event_partitions",
        "public.drop_event_partition",
        "authn.has_membership",
        "public.erase_personal_rows",
        "public.erase_tenant_slice",
    }


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)
def test_tenant_field_is_required_and_cascades(model):
    field = model._meta.get_field("tenant")

    assert not field.null
    assert field.remote_field.on_delete.__name__ == "CASCADE"
