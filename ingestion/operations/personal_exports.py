"""Files with everything about one person or account: asked for here, written by pqlhub.privacy.exporting, fetched until
they expire."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import PersonalExport, SubjectKind
from ingestion.queries.personal import subject_row
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.operations.refusal import Refused
from tenants.personal import Scope
from tenants.work import wake


@transaction.atomic
def request_personal_export(
    *, subject_kind: int, subject_id: int, with_companions: bool, by: Actor, now: datetime
) -> PersonalExport:
    """Ask for the file; background work writes it. Raises Refused."""
    if subject_row(subject_kind, subject_id) is None:
        raise Refused(_("There is nobody here under this key: they may be erased already."))
    export = PersonalExport.objects.create(
        subject_kind=subject_kind,
        subject_id=subject_id,
        with_companions=with_companions,
        asked_by_id=by.user_id,
        asked_at=now,
    )
    audit.record(by=by, verb="personal_export.requested", target=export, now=now)
    wake(tenant_id=current_tenant_id(), kind="export_person", ref=str(export.pk), at=now)
    return export


def finish_personal_export(*, export: PersonalExport, size: int, now: datetime) -> None:
    """The file is there, for settings.PERSONAL_EXPORT_DAYS."""
    export.state, export.size, export.ready_at, export.place = PersonalExport.State.READY, size, now, {}
    export.expires_at = now + timedelta(days=settings.PERSONAL_EXPORT_DAYS)
    export.save()
    wake(tenant_id=current_tenant_id(), kind="export_person", ref=str(export.pk), at=export.expires_at)


@transaction.atomic
def note_download(*, export: PersonalExport, by: Actor, now: datetime) -> None:
    """Who fetched the file is in the audit log."""
    audit.record(by=by, verb="personal_export.downloaded", target=export, now=now)


def discard_export(export: PersonalExport) -> None:
    """Delete the file now."""
    PersonalExport.objects.filter(pk=export.pk).update(state=PersonalExport.State.GONE, place={})
    shutil.rmtree(folder_of(export), ignore_errors=True)


def discard_exports_of(scope: Scope) -> None:
    """Files about who is being erased go first."""
    kinds = ((SubjectKind.PERSON, scope.persons), (SubjectKind.ACCOUNT, scope.accounts))
    for kind, keys in kinds:
        for export in PersonalExport.objects.filter(subject_kind=kind, subject_id__in=keys):
            discard_export(export)


def folder_of(export: PersonalExport) -> Path:
    """Where an export is written, readable for this account only."""
    return Path(settings.HOME) / "personal" / str(export.tenant_id) / str(export.pk)


def file_of(export: PersonalExport) -> Path:
    return folder_of(export) / "export.zip"
