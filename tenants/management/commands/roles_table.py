"""Prints the table in docs/roles.md, from the matrix that decides."""

from typing import Any

from django.core.management.base import BaseCommand

from tenants.access import as_table


class Command(BaseCommand):
    help = "Print the role × area table of docs/roles.md."

    def handle(self, **options: Any) -> None:
        self.stdout.write(as_table())
