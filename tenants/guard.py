"""Refuses to serve as a database role that row-level security does not hold for."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.backends.signals import connection_created

from tenants import catalogue


def assert_safe_role() -> None:
    """Raises ImproperlyConfigured when the current database role is a superuser, has BYPASSRLS, owns tables or could
    become their owner. Called by the web process and by workers before they do anything else."""
    found = catalogue.role_problems()
    if found:
        raise ImproperlyConfigured(
            "\n".join(found)
            + "\nDATABASE_URL must be the app role made by `manage.py bootstrap`; the owner's URL is for migrate only."
        )


def assert_safe_role_when_connected() -> None:
    """The same now, or, while the database is away, on each new connection until one has passed."""
    try:
        assert_safe_role()
    except OperationalError:
        connection_created.connect(_check_new_connection)


def _check_new_connection(*, connection: Any, **kwargs: Any) -> None:
    try:
        assert_safe_role()
    except ImproperlyConfigured:
        connection.close()  # left open, it would serve the next request unasked
        raise
    connection_created.disconnect(_check_new_connection)
