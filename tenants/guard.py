"""Refuses to serve as a database role that row-level security does not hold for."""

from django.core.exceptions import ImproperlyConfigured

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
