"""The database roles, made by `manage.py bootstrap` with an administrator's connection and never by a migration.

owner   owns schema and tables, runs migrations; web and worker refuse to start as it
app     what web, worker and beat use: behind row-level security, owns nothing
authn   cannot log in; owns the few SECURITY DEFINER look-ups that run before a tenant is known
backup  reads everything, for dumps
"""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from tenants.roles import APP_ROLE, AUTHN_ROLE, BACKUP_ROLE, OWNER_ROLE

APP_SETTINGS = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",  # our statements are many and short: compiling one costs more than it saves
}


@dataclass(frozen=True)
class RolePasswords:
    owner: str
    app: str
    backup: str | None = None


def password_in(url: str) -> str:
    """The password part of a database URL. Raises ValueError when it has none."""
    password = urlsplit(url).password
    if not password:
        raise ValueError("The database URL has no password. Use postgresql://role:password@host/name.")
    return unquote(password)


def bootstrap_roles(admin_url: str, passwords: RolePasswords) -> None:
    """Create or update the four roles. Safe to run again; needs a role that may create roles with BYPASSRLS."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        _ensure_role(connection, OWNER_ROLE, "LOGIN NOSUPERUSER NOBYPASSRLS", passwords.owner)
        _ensure_role(connection, APP_ROLE, "LOGIN NOSUPERUSER NOBYPASSRLS", passwords.app)
        _ensure_role(connection, AUTHN_ROLE, "NOLOGIN NOSUPERUSER BYPASSRLS", None)
        backup_login = "LOGIN" if passwords.backup else "NOLOGIN"
        _ensure_role(connection, BACKUP_ROLE, f"{backup_login} NOSUPERUSER BYPASSRLS", passwords.backup)
        # The owner installs authn's functions in migrations, so it may become authn; the app may not.
        connection.execute(f"GRANT {AUTHN_ROLE} TO {OWNER_ROLE}")
        for name, value in APP_SETTINGS.items():
            connection.execute(f"ALTER ROLE {APP_ROLE} SET {name} = '{value}'")


def bootstrap_database(admin_url: str, name: str) -> None:
    """Create database `name` if it is missing, owned by the owner role, with the schema for authn's functions."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if exists is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name), sql.Identifier(OWNER_ROLE)
                )
            )
    with psycopg.connect(admin_url, dbname=name, autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}")
        connection.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {AUTHN_ROLE}, {BACKUP_ROLE}")
        connection.execute(f"GRANT TEMPORARY ON DATABASE {_quoted(connection, name)} TO {APP_ROLE}")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS authn AUTHORIZATION {AUTHN_ROLE}")
        connection.execute(f"GRANT USAGE ON SCHEMA authn TO {APP_ROLE}, {OWNER_ROLE}")
        connection.execute(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public GRANT SELECT ON TABLES TO {BACKUP_ROLE}"
        )


def _ensure_role(connection: psycopg.Connection, name: str, attributes: str, password: str | None) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{}} WITH {attributes}").format(sql.Identifier(name))
    if password is not None:
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
    connection.execute(statement)


def _quoted(connection: psycopg.Connection, name: str) -> str:
    return sql.Identifier(name).as_string(connection)
