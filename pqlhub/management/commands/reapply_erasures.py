"""Erases again whom finished erasures were about, after a database was restored from an older backup."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ingestion.operations.erasures import restore_erasure
from pqlhub.privacy.erasing import continue_erasure, newest_proofs, proofs_folder
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Run every erasure again from its proof. Do this after restoring a backup, before events are let in."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, help="files of proofs; without any, those of PQLHUB_HOME/erasures"
        )

    def handle(self, *, files: list[Path], **options: Any) -> None:
        proofs = newest_proofs(files or sorted(proofs_folder().glob("*.jsonl")))
        for proof in proofs:
            self._run_again(proof)
        self.stdout.write(f"{len(proofs)} erasures were run again.")

    def _run_again(self, proof: dict[str, Any]) -> None:
        tenant = Tenant.objects.filter(pk=proof["tenant"]).first()
        if tenant is None:
            self.stdout.write(f"{proof['erasure']}: its tenant {proof['tenant']} is not here.")
            return
        try:
            with tenant_context(tenant.pk):
                is_to_run = restore_erasure(proof=proof, by=SYSTEM, now=timezone.now())
        except (KeyError, ValueError) as error:
            raise CommandError(
                f"This is no proof of an erasure ({error!r}): {json.dumps(proof)[:200]}"
            ) from error
        if not is_to_run:
            self.stdout.write(f"{proof['erasure']}: was lifted, nobody is erased.")
            return
        again = timezone.now()
        while again is not None and again <= timezone.now():
            again = continue_erasure(
                tenant_id=tenant.pk, erasure_id=proof["erasure"], clock=timezone.now, seconds=60
            )
        left = "" if again is None else " up to events that wait to be folded: the worker finishes it"
        self.stdout.write(f"{proof['erasure']}: erased again{left}.")
