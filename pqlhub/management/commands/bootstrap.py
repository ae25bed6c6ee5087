"""Creates the database roles and the database. Run once with an administrator's connection, before `migrate`."""

import os
from urllib.parse import urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError

from pqlhub.database_roles import RolePasswords, bootstrap_database, bootstrap_roles, password_in
from pqlhub.state import embedded_urls


class Command(BaseCommand):
    help = (
        "Create or update the roles (owner, app, authn, backup) and the database. Needs DATABASE_ADMIN_URL, "
        "DATABASE_OWNER_URL and DATABASE_URL; without them it prepares the embedded server."
    )
    requires_system_checks = []

    def handle(self, **options: object) -> None:
        if os.environ.get("DATABASE_URL"):
            admin, owner, app = (self._url(f"DATABASE_{name}URL") for name in ("ADMIN_", "OWNER_", ""))
        else:
            urls = embedded_urls()
            admin, owner, app = urls.admin_url, urls.owner_url, urls.app_url
        backup = os.environ.get("DATABASE_BACKUP_PASSWORD")
        try:
            bootstrap_roles(admin, RolePasswords(password_in(owner), password_in(app), backup))
            bootstrap_database(admin, urlsplit(app).path.lstrip("/"))
        except psycopg.errors.InsufficientPrivilege as error:
            raise CommandError(
                f"{error}\nDATABASE_ADMIN_URL must be a role that may create BYPASSRLS roles (usually a superuser)."
            ) from error
        except (psycopg.OperationalError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS("Roles and database are ready. Next: manage.py migrate"))

    def _url(self, name: str) -> str:
        if not os.environ.get(name):
            raise CommandError(f"Set {name}: postgresql://role:password@host:5432/name")
        return os.environ[name]
