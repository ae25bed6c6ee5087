"""Gives every test run its own database before Django's settings are read.

Loaded with `-p tests.plugin` (pyproject), so that it runs first. A template database is migrated once per state of the
migrations; every worker copies it. Tests run as the app role: what RLS forbids in production is forbidden here.

TEST_DATABASE_ADMIN_URL points at another server (superuser URL), for example PostgreSQL 15.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from pqlhub.database_roles import RolePasswords, bootstrap_database, bootstrap_roles
from pqlhub.embedded import EmbeddedServer

ROOT = Path(__file__).resolve().parent.parent
PASSWORDS = RolePasswords(owner="owner-of-tests", app="app-of-tests", backup="backup-of-tests")
MIGRATION_SOURCES = [
    "*/migrations/*.py",
    "*/sql/*.sql",
    "tenants/rls.py",
    "tenants/base.py",
    "tenants/global_tables.py",
]


def with_login(admin_url: str, database: str, role: str | None = None, password: str | None = None) -> str:
    parts = urlsplit(admin_url)
    login = f"{role}:{password}" if role else parts.netloc.rpartition("@")[0]
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.hostname}{port}", path=f"/{database}"))


def prepare() -> None:
    if "PQLHUB_TEST_ADMIN_URL" not in os.environ:  # the controller; xdist workers inherit what it set
        home = ROOT / ".pqlhub" / "test"
        home.mkdir(parents=True, exist_ok=True)
        os.environ["PQLHUB_HOME"] = str(home)
        with open(home / "template.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            admin_url = os.environ.get("TEST_DATABASE_ADMIN_URL")
            admin_url = admin_url or EmbeddedServer(home, durable=False).start().admin_url
            bootstrap_roles(admin_url, PASSWORDS)
            os.environ["PQLHUB_TEST_ADMIN_URL"] = admin_url
            os.environ["PQLHUB_TEST_TEMPLATE"] = ensure_template(admin_url)
        os.environ["PQLHUB_TEST_RUN"] = str(os.getpid())
    name = f"test_{os.environ['PQLHUB_TEST_RUN']}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    admin_url = os.environ["PQLHUB_TEST_ADMIN_URL"]
    os.environ["DATABASE_URL"] = with_login(admin_url, name, "pqlhub_app", PASSWORDS.app)
    os.environ["DATABASE_OWNER_URL"] = with_login(admin_url, name, "pqlhub_owner", PASSWORDS.owner)


def ensure_template(admin_url: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in MIGRATION_SOURCES for path in ROOT.glob(pattern)):
        digest.update(path.name.encode() + path.read_bytes())
    name = f"pqlhub_template_{digest.hexdigest()[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT datistemplate FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if row and row[0]:
            return name
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
    bootstrap_database(admin_url, name)
    environment = os.environ | {
        "DATABASE_URL": with_login(admin_url, name, "pqlhub_app", PASSWORDS.app),
        "DATABASE_OWNER_URL": with_login(admin_url, name, "pqlhub_owner", PASSWORDS.owner),
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" WITH IS_TEMPLATE true')
    return name


def create_test_database() -> None:
    name = urlsplit(os.environ["DATABASE_URL"]).path[1:]
    with psycopg.connect(os.environ["PQLHUB_TEST_ADMIN_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _patiently(
            connection,
            f'CREATE DATABASE "{name}" TEMPLATE "{os.environ["PQLHUB_TEST_TEMPLATE"]}" OWNER pqlhub_owner',
        )
        connection.execute(f'GRANT TEMPORARY ON DATABASE "{name}" TO pqlhub_app')  # the rest came with it


def _patiently(connection: psycopg.Connection, statement: str) -> None:
    """Autovacuum may look into a fresh template just now, and a template in use cannot be copied."""
    for attempt in range(20):
        try:
            connection.execute(statement)
            return
        except psycopg.errors.ObjectInUse:
            if attempt == 19:
                raise
            time.sleep(0.5)


def drop_test_database() -> None:
    name = urlsplit(os.environ["DATABASE_URL"]).path[1:]
    with psycopg.connect(os.environ["PQLHUB_TEST_ADMIN_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


prepare()
