"""Fixtures for every test: the database as the app role, two tenants, and the people in them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from django.test import TransactionTestCase

from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Role, Tenant, User
from tenants.operations import create_business_unit, create_tenant, create_user, grant_membership
from tests.plugin import create_test_database, drop_test_database

KEPT_WHEN_EMPTYING = {"django_migrations", "django_content_type", "auth_permission"}
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: object) -> Iterator[None]:
    create_test_database()
    yield
    from django.db import connections

    connections.close_all()
    drop_test_database()


def empty_tables(self: TransactionTestCase) -> None:
    """Django's flush truncates, which the app role may not: do it as the owner, and only where there are rows."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition"
        ).fetchall()
        names = ", ".join(f'"{name}"' for (name,) in rows if name not in KEPT_WHEN_EMPTYING)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


TransactionTestCase._fixture_teardown = empty_tables


@pytest.fixture(autouse=True)
def _settings(settings, tmp_path):
    """Tests run inside one outer transaction, so tenant contexts re-issue the setting in their savepoints."""
    settings.TENANT_REBIND_IN_SAVEPOINT = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.AXES_ENABLED = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def owner_connection(db) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def acme(db, now) -> Tenant:
    return create_tenant(slug="acme", name="Acme", time_zone="Europe/Berlin", by=SYSTEM, now=now)


@pytest.fixture
def globex(db, now) -> Tenant:
    return create_tenant(slug="globex", name="Globex", time_zone="America/New_York", by=SYSTEM, now=now)


@pytest.fixture
def in_acme(acme) -> Iterator[Tenant]:
    with tenant_context(acme.pk):
        yield acme


@pytest.fixture
def corporate(in_acme) -> BusinessUnit:
    return BusinessUnit.objects.get(parent__isnull=True)


@pytest.fixture
def boards(corporate, now) -> BusinessUnit:
    """A business unit of Acme."""
    return create_business_unit(name="Boards", parent=corporate, by=SYSTEM, now=now)


@pytest.fixture
def insights(corporate, now) -> BusinessUnit:
    """Another business unit of Acme."""
    return create_business_unit(name="Insights", parent=corporate, by=SYSTEM, now=now)


def member(tenant: Tenant, email: str, role: Role, unit: str, now: datetime) -> User:
    user = create_user(email=email, name=email.split("@")[0].title(), password=PASSWORD)
    with tenant_context(tenant.pk):
        grant_membership(
            user=user, business_unit=BusinessUnit.objects.get(name=unit), role=role, by=SYSTEM, now=now
        )
    return user


@pytest.fixture
def alice(acme, now) -> User:
    """Corporate admin of Acme."""
    return member(acme, "alice@acme.test", Role.CORPORATE_ADMIN, "Corporate", now)


@pytest.fixture
def bob(acme, boards, now) -> User:
    """Owner of Acme's Boards unit."""
    return member(acme, "bob@acme.test", Role.BU_OWNER, "Boards", now)


@pytest.fixture
def rita(acme, boards, now) -> User:
    """Sales rep in Acme's Boards unit."""
    return member(acme, "rita@acme.test", Role.REP, "Boards", now)


@pytest.fixture
def charlie(globex, now) -> User:
    """Corporate admin of Globex: the stranger."""
    return member(globex, "charlie@globex.test", Role.CORPORATE_ADMIN, "Corporate", now)
