"""Checks the wall between tenants in the live database. Run it at every deploy, as the app role."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import catalogue


class Command(BaseCommand):
    help = "Fail if any table, key, grant, view, function or the current role leaves a hole between tenants."

    def handle(self, **options: Any) -> None:
        found = catalogue.problems()
        if found:
            raise CommandError("The wall between tenants has holes:\n- " + "\n- ".join(found))
        count = len(catalogue.tenant_tables())
        self.stdout.write(self.style.SUCCESS(f"The wall is whole: {count} tables, one policy each."))
