import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from tenants import catalogue, guard


def test_wall_is_whole(db):
    assert catalogue.problems() == []


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("ALTER TABLE tenants_source NO FORCE ROW LEVEL SECURITY", "tenants_source: row-level security"),
        ("CREATE POLICY second ON tenants_source USING (true)", "tenants_source: the policy is not exactly"),
        (
            "ALTER POLICY tenant_wall ON tenants_source USING (true)",
            "tenants_source: the policy is not exactly",
        ),
        ("CREATE TABLE notes (id int)", "notes has no tenant_id"),
        ("CREATE UNIQUE INDEX loose ON tenants_source (name)", "loose does not carry tenant_id"),
        ("GRANT TRUNCATE ON tenants_source TO pqlhub_app", "has TRUNCATE"),
        (
            "GRANT SELECT ON ingestion_event_default TO pqlhub_app",
            "ingestion_event_default: the current role",
        ),
        ("CREATE VIEW everything AS SELECT * FROM tenants_source", "view without security_invoker"),
        ("CREATE MATERIALIZED VIEW copies AS SELECT 1 AS one", "materialized view"),
        ("CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'", "differ: public.f"),
    ],
)
def test_each_hole_is_named(owner_connection, damage, complaint):
    with owner_connection.transaction(force_rollback=True):
        owner_connection.execute(damage)

        assert any(complaint in problem for problem in _problems_seen_by(owner_connection))


def _problems_seen_by(owner_connection):
    """The catalogue as the owner's uncommitted transaction sees it, asked as the app role would."""
    rows = catalogue._rows
    try:
        catalogue._rows = lambda statement, *parameters: owner_connection.execute(
            statement.replace("current_user", "'pqlhub_app'::name"), parameters or None
        ).fetchall()
        return catalogue.problems()
    finally:
        catalogue._rows = rows


def test_app_role_may_serve(db):
    guard.assert_safe_role()


@pytest.mark.parametrize("role", ["owner", "superuser"])
def test_roles_the_wall_does_not_hold_for_may_not_serve(role, owner_connection, monkeypatch):
    name = {"owner": "pqlhub_owner", "superuser": "postgres"}[role]
    rows = catalogue._rows
    monkeypatch.setattr(
        catalogue,
        "_rows",
        lambda statement, *parameters: rows(
            statement.replace("current_user", f"'{name}'::name"), *parameters
        ),
    )

    with pytest.raises(ImproperlyConfigured, match="app role"):
        guard.assert_safe_role()


class Opened:
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def test_role_is_checked_later_when_the_database_was_away_at_the_start(monkeypatch):
    answers = [OperationalError(), ImproperlyConfigured(), None]
    monkeypatch.setattr(guard, "assert_safe_role", lambda: _raise_or_pass(answers.pop(0)))
    unsafe, safe = Opened(), Opened()

    guard.assert_safe_role_when_connected()
    with pytest.raises(ImproperlyConfigured):
        connection_created.send(sender=None, connection=unsafe)
    connection_created.send(sender=None, connection=safe)
    connection_created.send(sender=None, connection=Opened())

    assert (unsafe.is_closed, safe.is_closed, answers) == (True, False, [])


def _raise_or_pass(answer):
    if answer is not None:
        raise answer


def test_children_are_emptied_before_their_parents(db):
    order = [table for group in catalogue.emptying_order() for table in group]

    assert sorted(order) == catalogue.tenant_tables()
    assert order.index("tenants_writekey") < order.index("tenants_source")
    assert order.index("tenants_membership") < order.index("tenants_businessunit")


def test_primary_keys_lead_with_the_tenant(db):
    with connection.cursor():
        assert catalogue.primary_key("ingestion_event") == ["tenant_id", "id", "received_at"]
