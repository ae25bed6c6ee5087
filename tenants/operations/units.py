"""The tree of business units."""

from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _
from uuid6 import uuid7

from tenants import audit
from tenants.audit import Actor
from tenants.models import BusinessUnit
from tenants.operations.refusal import Refused


@transaction.atomic
def create_business_unit(*, name: str, parent: BusinessUnit | None, by: Actor, now: datetime) -> BusinessUnit:
    """A unit below `parent`; None makes the root, of which a tenant has one."""
    key = uuid7()
    if parent is not None:
        parent = _locked(parent)
    path = f"{parent.path if parent else '/'}{key}/"
    unit = BusinessUnit(id=key, name=name, parent=parent, path=path, created_at=now)
    unit.full_clean()
    unit.save(force_insert=True)
    audit.record(by=by, verb="business_unit.created", target=unit, fields=["name", "parent"], now=now)
    return unit


@transaction.atomic
def rename_business_unit(*, unit: BusinessUnit, name: str, by: Actor, now: datetime) -> BusinessUnit:
    """Raises ValidationError when another unit has the name."""
    unit = _locked(unit)
    if unit.name == name:
        return unit
    unit.name = name
    unit.full_clean()
    unit.save(update_fields=["name"])
    audit.record(by=by, verb="business_unit.renamed", target=unit, fields=["name"], now=now)
    return unit


@transaction.atomic
def move_business_unit(*, unit: BusinessUnit, parent: BusinessUnit, by: Actor, now: datetime) -> BusinessUnit:
    """Hang a unit and everything below it under another parent. Who may see and use what follows at once.

    Raises Refused for the corporate unit and for a parent that lies within the unit."""
    list(BusinessUnit.objects.select_for_update().order_by("pk"))  # two moves at once could make a ring
    unit, parent = _locked(unit), _locked(parent)
    if unit.is_corporate:
        raise Refused(_("The corporate unit is the top of the tree and cannot be moved."))
    if unit.covers(parent):
        raise Refused(_("A business unit cannot be moved into itself or a unit below it."))
    if unit.parent_id == parent.pk:
        return unit
    old, new = unit.path, f"{parent.path}{unit.pk}/"
    BusinessUnit.objects.filter(pk=unit.pk).update(parent=parent)
    BusinessUnit.objects.filter(path__startswith=old).update(
        path=Concat(Value(new), Substr(F("path"), len(old) + 1))
    )
    unit.refresh_from_db()
    audit.record(by=by, verb="business_unit.moved", target=unit, fields=["parent"], now=now)
    return unit


@transaction.atomic
def delete_business_unit(*, unit: BusinessUnit, by: Actor, now: datetime) -> None:
    """Remove a unit that nothing belongs to. Raises Refused and says what still does."""
    unit = _locked(unit)
    if unit.is_corporate:
        raise Refused(_("The corporate unit cannot be deleted."))
    holding = sorted({str(model._meta.verbose_name_plural) for model in _kinds_of_rows_in(unit)})
    if holding:
        raise Refused(
            _("“%(unit)s” still has: %(kinds)s. Move or delete them first.")
            % {"unit": unit, "kinds": ", ".join(holding)}
        )
    audit.record(by=by, verb="business_unit.deleted", target=unit, now=now)
    BusinessUnit.objects.filter(pk=unit.pk).delete()


def _kinds_of_rows_in(unit: BusinessUnit) -> list[Any]:
    relations: list[Any] = [
        relation for relation in BusinessUnit._meta.get_fields(include_hidden=True) if relation.auto_created
    ]
    return [
        relation.related_model
        for relation in relations
        if relation.related_model._base_manager.filter(**{relation.field.name: unit}).exists()
    ]


def _locked(unit: BusinessUnit) -> BusinessUnit:
    return cast(BusinessUnit, BusinessUnit.objects.select_for_update().get(pk=unit.pk))
