"""`manage.py import_events FILE …`: history from files."""

import sys
import time
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ingestion.connectors.files import open_rows
from ingestion.connectors.unpacking import FileError
from ingestion.models import ImportRun
from ingestion.operations import FileImport, ImportRefused, Preview, import_file, preview_file
from ingestion.rules.file_types import TOLD_TYPES
from ingestion.rules.mapping import FIELDS, TYPES, PlanError, make_plan
from ingestion.rules.precedence import BY_WORD
from tenants.audit import SYSTEM, Actor
from tenants.context import tenant_context
from tenants.models import Source, Tenant
from tenants.operations import create_source

HELP = """\
Read events, users or accounts from Parquet, CSV or JSON lines (each may be packed: .gz, .zst).

Examples
  manage.py import_events logins.parquet --tenant acme --map userId=user_id --map timestamp=at --map event:=login
  manage.py import_events users.csv --tenant acme --type identify --map userId=id --traits name,email
  manage.py import_events accounts.csv --tenant acme --type account --origin crm --map domain=website
  manage.py import_events mqls.csv --tenant acme --type lead --map email=email --map timestamp=at --map source=origin
  manage.py import_events deals.csv --tenant acme --type deal --map groupId=account --map timestamp=closed \\
      --map deal=id --map stage=stage --map amount=amount --map currency:=EUR
  manage.py import_events segment-export.jsonl.gz --tenant acme

FIELD=COLUMN takes a column, FIELD:=TEXT a constant. Columns that are not mapped become properties or traits. Without
--type and --map each line of a JSON lines file is a whole message in the Segment shape.

The same file and mapping again adds nothing; a stopped import goes on where it was. Rows that cannot be read are kept
in the quarantine with the reason."""
BY = Actor("import_events")


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **options
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tenant", required=True, help="short name of the tenant")
        parser.add_argument("--source", default="File import", help="name of the source; made when missing")
        parser.add_argument("--type", choices=sorted(TYPES), help="what a row is (default: track)")
        parser.add_argument(
            "--origin",
            choices=list(BY_WORD),
            default="product",
            help="who says the traits (default: product)",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"FIELD is one of {', '.join(FIELDS)}",
        )
        payload = parser.add_mutually_exclusive_group()
        payload.add_argument("--properties", metavar="COL,COL|all|none", help="columns kept as properties")
        payload.add_argument("--traits", metavar="COL,COL|all|none", help="columns kept as traits")
        parser.add_argument("--time-zone", default="UTC", help="of times without an offset (default: UTC)")
        parser.add_argument(
            "--dry-run", action="store_true", help="read everything, write nothing, say what would be"
        )
        parser.add_argument(
            "--opens-pqls",
            action="store_true",
            help="who qualifies by this file becomes a PQL and is routed (default: it is the past and opens no leads)",
        )
        parser.add_argument("--again", action="store_true", help="read a file that was imported once more")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            file = self._file(options)
            if options["dry_run"]:
                self._preview(preview_file(file), file)
            else:
                self._import(file, again=options["again"])
        except (FileError, PlanError, ImportRefused) as error:
            raise CommandError(str(error)) from error

    def _file(self, options: dict[str, Any]) -> FileImport:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True)[:20])
            raise CommandError(f"There is no tenant “{options['tenant']}”. There are: {known or 'none yet'}.")
        rows = open_rows(options["file"])
        if options["traits"] and options["type"] not in TOLD_TYPES:
            raise CommandError(
                "Only identify, group and account rows have traits. Say --type identify, or use --properties."
            )
        plan = make_plan(
            type=options["type"],
            maps=options["map"],
            payload=options["properties"] or options["traits"],
            time_zone=options["time_zone"],
            columns=rows.columns,
            values_are_text=rows.values_are_text,
            origin=options["origin"],
        )
        now = timezone.now()
        source = self._source(tenant, options, now)
        is_historical = not options["opens_pqls"]
        return FileImport(tenant, source, options["file"], plan, now, is_historical=is_historical)

    def _source(self, tenant: Tenant, options: dict[str, Any], now: Any) -> Source:
        name = options["source"]
        with tenant_context(tenant.pk):
            source = Source.objects.filter(name=name).first()
            if source is None and options["dry_run"]:
                return Source(name=name, kind=Source.Kind.IMPORT)
            if source is None:
                source = create_source(name=name, kind=Source.Kind.IMPORT, by=SYSTEM, now=now)
                self.stdout.write(f"Made the source “{name}”.")
        return source

    def _import(self, file: FileImport, *, again: bool) -> None:
        bar = ProgressBar()
        started = time.monotonic()
        try:
            result = import_file(file, by=BY, progress=bar.show, again=again)
        except KeyboardInterrupt:
            bar.end()
            raise CommandError("Stopped. Run the same command to go on.", returncode=130) from None
        bar.end()
        run = result.run
        if result.done_before is not None:
            self.stdout.write(
                f"{run.file_name} was imported on {result.done_before:%Y-%m-%d %H:%M} UTC with the same mapping: "
                f"{run.rows_read:,} rows. Nothing was added."
            )
            return
        if result.resumed_at:
            self.stdout.write(f"Went on after row {result.resumed_at:,}.")
        seconds = time.monotonic() - started
        rows = run.rows_read - result.resumed_at
        self.stdout.write(
            f"{rows:,} rows in {seconds:.1f} s ({rows / max(seconds, 0.001):,.0f} a second): {result.events:,} added, "
            f"{result.duplicates:,} known before, {run.rows_rejected:,} rejected; "
            f"{result.activity:,} counted for actions."
        )
        if run.rows_rejected:
            self.stdout.write("The rejected rows are in the quarantine of the console, each with its reason.")

    def _preview(self, preview: Preview, file: FileImport) -> None:
        write = self.stdout.write
        write(
            f"{file.path.name}: {preview.rows:,} rows, {preview.good:,} good, {preview.rows - preview.good:,} rejected"
        )
        if preview.good:
            write(f"  from {preview.first:%Y-%m-%d %H:%M:%S} to {preview.last:%Y-%m-%d %H:%M:%S} UTC")
        write(f"  users: {len(preview.users):,}, known already: {preview.known_users:,}")
        write(f"  accounts: {len(preview.accounts):,}, known already: {preview.known_accounts:,}")
        for name, number in preview.names.most_common(10):
            write(f"  {number:>12,}  {name}")
        for code, number in preview.reasons.most_common():
            write(f"  {number:>12,}  rejected: {code}")
        for number, reason in preview.samples:
            write(f"  row {number:,}: {reason.detail}")
        if preview.done_before is not None:
            write(
                f"  imported already on {preview.done_before:%Y-%m-%d %H:%M} UTC: an import would add nothing"
            )
        write("Nothing was written (--dry-run).")


class ProgressBar:
    """One line on a terminal; nothing elsewhere."""

    WIDTH = 30

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._first: tuple[float, int] | None = None

    def show(self, run: ImportRun) -> None:
        if not self._is_shown:
            return
        now = time.monotonic()
        self._first = self._first or (now, run.rows_read)
        since, before = self._first
        rate = (run.rows_read - before) / (now - since) if now > since else 0
        total = run.rows_total or run.rows_read or 1
        filled = min(self.WIDTH, self.WIDTH * run.rows_read // total)
        bar = "#" * filled + "." * (self.WIDTH - filled)
        line = f"[{bar}] {run.rows_read:,} of {total:,} rows, {rate:,.0f} a second, {run.rows_rejected:,} rejected"
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def end(self) -> None:
        if self._is_shown and self._first is not None:
            sys.stderr.write("\n")
