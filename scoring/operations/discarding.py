"""Throwing away what never was live."""

from datetime import datetime

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from scoring.models import Definition, Version
from scoring.operations.definitions import lock_draft
from scoring.operations.publishing import NotPossible
from tenants import audit
from tenants.audit import Actor


@transaction.atomic
def discard_draft(*, version: Version, by: Actor, now: datetime) -> None:
    """Delete a draft with its replays; other versions are untouched. Raises DraftRefused when it is no draft any more,
    NotPossible when it is all there is of its definition."""
    draft = lock_draft(version)
    if not Version.objects.filter(definition_id=draft.definition_id).exclude(pk=draft.pk).exists():
        raise NotPossible(_("This draft is all there is of its definition. Delete the definition instead."))
    audit.record(by=by, verb="draft.discarded", target=draft, fields=["number"], now=now)
    draft.delete()


@transaction.atomic
def delete_definition(*, definition: Definition, by: Actor, now: datetime) -> None:
    """Delete a definition that never left its draft and that nothing refers to. Raises NotPossible and says why."""
    fresh = Definition.objects.select_for_update().get(pk=definition.pk)
    if Version.objects.filter(definition=fresh).exclude(state=Version.State.DRAFT).exists():
        raise NotPossible(_("“%s” has been published or tested. Archive it: its history stays.") % fresh)
    holding = used_by(fresh)
    if holding:
        raise NotPossible(
            _("“%(definition)s” is used by: %(kinds)s. Archive it instead.")
            % {"definition": fresh, "kinds": ", ".join(holding)}
        )
    audit.record(by=by, verb="definition.deleted", target=fresh, fields=["name"], now=now)
    fresh.delete()


def used_by(definition: Definition) -> list[str]:
    """Kinds of rows that name a definition, besides its own versions. Rooms beside this one keep its bare key, so it is
    looked for by the name of the column."""
    models = [
        model
        for model in apps.get_models()
        if model is not Version and any(field.attname == "definition_id" for field in model._meta.fields)
    ]
    found = [model for model in models if model._base_manager.filter(definition_id=definition.pk).exists()]
    return sorted({str(model._meta.verbose_name_plural) for model in found})
