"""`manage.py replay`: what a version would have said, day by day."""

import csv
import sys
import time
from argparse import RawDescriptionHelpFormatter
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ingestion.queries import subject_labels
from scoring.models import Definition, ReplayQualification, ReplayRun, Version
from scoring.operations import Replay, ReplayRefused, resume_replay, run_replay, start_replay
from scoring.queries import ever_qualified, qualified_at_end_of
from tenants.context import tenant_context
from tenants.csv_file import harmless
from tenants.models import Tenant

HELP = """\
Evaluate a version at the end of every local day of the past. Opens no leads.

Examples
  manage.py replay --tenant acme --definition "Ready to buy" --from 2026-01-01 --to 2026-03-31
  manage.py replay --tenant acme --version 0199f2a0-... --from 2026-01-01 --to 2026-03-31 --csv episodes.csv

--definition takes its live version, or its draft when nothing is live. A stopped run goes on where it was when the same
command is given again."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            formatter_class=RawDescriptionHelpFormatter,
            conflict_handler="resolve",  # --version is Django's own otherwise
            **options,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="short name of the tenant")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--definition", help="name of the definition")
        what.add_argument("--version", dest="version_id", type=UUID, help="id of a version")
        parser.add_argument("--from", dest="first_day", type=date.fromisoformat, required=True)
        parser.add_argument("--to", dest="last_day", type=date.fromisoformat, required=True)
        parser.add_argument("--csv", type=Path, help="write the episodes to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True)[:20])
            raise CommandError(f"There is no tenant {options['tenant']!r}. Known: {known or 'none yet'}.")
        try:
            with tenant_context(tenant.pk):
                replay = self._begin(options)
            self._run(tenant, replay)
        except ReplayRefused as error:
            raise CommandError(str(error)) from error
        with tenant_context(tenant.pk):
            self._report(replay.run, options["csv"])

    def _begin(self, options: dict[str, Any]) -> Replay:
        version = _version(options)
        days = {"first_day": options["first_day"], "last_day": options["last_day"]}
        unfinished = ReplayRun.objects.filter(
            version=version, finished_at__isnull=True, done_through__isnull=False, **days
        )
        if version.state != Version.State.DRAFT and (run := unfinished.order_by("-created_at").first()):
            self.stderr.write(f"Going on after {run.done_through}.")
            return resume_replay(run=run)
        return start_replay(version=version, now=timezone.now(), **days)

    def _run(self, tenant: Tenant, replay: Replay) -> None:
        began, more = time.monotonic(), True
        while more:
            with tenant_context(tenant.pk):
                more = run_replay(replay=replay, now=timezone.now(), seconds=1)
            done, total = replay.done, len(replay.days)
            bar = ("#" * round(30 * done / total)).ljust(30)
            ending = "\r" if sys.stderr.isatty() and more else "\n"
            rate = done / max(time.monotonic() - began, 0.001)
            self.stderr.write(f"[{bar}] {done:,}/{total:,} days, {rate:,.0f} a second", ending=ending)

    def _report(self, run: ReplayRun, path: Path | None) -> None:
        count = ReplayQualification.objects.filter(run=run).count()
        at_end = len(qualified_at_end_of(run, run.last_day))
        self.stdout.write(
            f"{len(ever_qualified(run)):,} ever qualified in {count:,} episodes;"
            f" {at_end:,} at the end of {run.last_day}."
        )
        if path is not None:
            self.stdout.write(f"{write_episodes(run, path):,} episodes written to {path}.")


def _version(options: dict[str, Any]) -> Version:
    versions = Version.objects.select_related("definition")
    if options["version_id"]:
        version = versions.filter(pk=options["version_id"]).first()
        if version is None:
            raise CommandError("This tenant has no such version. Copy its id from the definition's page.")
        return version
    named = Definition.objects.filter(name=options["definition"], archived_at__isnull=True)
    if named.count() != 1:
        known = ", ".join(Definition.objects.order_by("name").values_list("name", flat=True)[:20])
        words = "Several definitions are" if named else "No definition is"
        raise CommandError(
            f"{words} called {options['definition']!r}; use --version. Known: {known or 'none'}."
        )
    mine = versions.filter(definition=named[0])
    return mine.filter(state=Version.State.LIVE).first() or mine.order_by("-number")[0]


def write_episodes(run: ReplayRun, path: Path) -> int:
    """One line per episode, oldest first. Returns how many."""
    rows = list(ReplayQualification.objects.filter(run=run).order_by("first_day", "subject_id"))
    labels = subject_labels(run.version.definition.level, [row.subject_id for row in rows])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "first_day", "left_day", "points", "band"])
        for row in rows:
            label = harmless(labels.get(row.subject_id, ""))
            days = [row.first_day, row.left_day or ""]
            writer.writerow([row.subject_id, label, *days, f"{row.points / 100:.2f}", harmless(row.band)])
    return len(rows)
