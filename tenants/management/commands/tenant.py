"""Tenants from the command line: what platform operators do on their pages, for scripts and for a first start."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants import operations
from tenants.audit import Actor
from tenants.models import Tenant

BY = Actor("command line")
SLICE_SECONDS = 5


class Command(BaseCommand):
    help = "Create, list, suspend, resume, export or delete tenants."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="all tenants with their status")
        create = verbs.add_parser("create", help="a new tenant, and an invitation for its first admin")
        create.add_argument("slug", help="short name: letters, digits, dashes")
        create.add_argument("--name", required=True)
        create.add_argument("--admin", required=True, metavar="EMAIL", help="is invited as corporate admin")
        create.add_argument("--time-zone", default="UTC", help="for example Europe/Berlin")
        create.add_argument("--currency", default="EUR")
        for verb, text in (
            ("suspend", "stop its keys, pages and background work"),
            ("resume", "let it go on"),
            ("export", "write everything it has to a zip file"),
            ("delete", "erase everything it has; there is no way back"),
        ):
            parser_of_verb = verbs.add_parser(verb, help=text)
            parser_of_verb.add_argument("slug")
        verbs.choices["export"].add_argument("--output", type=Path, help="default: exports/ in PQLHUB_HOME")
        verbs.choices["delete"].add_argument(
            "--yes-delete", required=True, metavar="SLUG", help="the short name again, to confirm"
        )

    def handle(self, *, verb: str, **options: Any) -> None:
        try:
            getattr(self, verb)(**options)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except (operations.Refused, operations.ExportRunning, OSError) as error:
            raise CommandError(str(error)) from error

    def list(self, **options: Any) -> None:
        for tenant in Tenant.objects.order_by("slug"):
            self.stdout.write(f"{tenant.slug:<24} {tenant.status:<10} {tenant.name}")

    def create(
        self, *, slug: str, name: str, admin: str, time_zone: str, currency: str, **options: Any
    ) -> None:
        tenant = operations.open_tenant(
            slug=slug,
            name=name,
            time_zone=time_zone,
            currency=currency,
            admin_email=admin,
            invited_by=None,
            by=BY,
            now=timezone.now(),
        )
        self._say(f"{tenant.slug} is ready; {admin} is invited as its corporate admin.")

    def suspend(self, *, slug: str, **options: Any) -> None:
        operations.suspend_tenant(tenant=_find(slug), by=BY, now=timezone.now())
        self._say(f"{slug} is suspended.")

    def resume(self, *, slug: str, **options: Any) -> None:
        operations.resume_tenant(tenant=_find(slug), by=BY, now=timezone.now())
        self._say(f"{slug} goes on.")

    def export(self, *, slug: str, output: Path | None, **options: Any) -> None:
        path = operations.export_tenant(
            tenant=_find(slug),
            by=BY,
            now=timezone.now(),
            target=output,
            progress=lambda table, rows: self.stdout.write(f"  {table:<40} {rows:>10,}"),
        )
        self._say(f"Written: {path}")

    def delete(self, *, slug: str, yes_delete: str, **options: Any) -> None:
        tenant = _find(slug)
        operations.request_deletion(tenant=tenant, confirmation=yes_delete, by=BY, now=timezone.now())
        while operations.erase_marked_tenant(
            tenant_id=tenant.pk, seconds=SLICE_SECONDS, by=BY, now=timezone.now()
        ):
            self.stdout.write("  still erasing ...")
        self._say(f"{slug} is gone.")

    def _say(self, text: str) -> None:
        self.stdout.write(self.style.SUCCESS(text))


def _find(slug: str) -> Tenant:
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no tenant “{slug}”. Known: {known}.")
    return tenant
