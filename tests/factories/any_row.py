"""One valid row of any tenant model, for tests that hold for all of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid6 import uuid7

from ingestion.rules.tracking import empty_document
from tenants.base import TenantModel
from tenants.models import BusinessUnit, User

MARK = "zq"  # begins every made-up word: a page that shows it shows one of these rows
MOMENT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
_numbers = count(1)


def _root() -> Any:
    return BusinessUnit.objects.get(parent__isnull=True)


# What a model's check constraints ask for beyond the type of its columns.
SPECIAL: dict[str, Callable[[], dict[str, Any]]] = {
    "tenants.businessunit": lambda: {"parent": _root()},
    "tenants.writekey": lambda: {"slot": 1},
    "tenants.apitoken": lambda: {"created_at": MOMENT, "expires_at": MOMENT + timedelta(days=30)},
    "scoring.signal": lambda: {
        "rule_mode": "",
        "action": _referred(apps.get_model("ingestion.Action")),
        "trait_operator": "",
        "builtin_list": "",
    },
    "ingestion.trackingplanversion": lambda: {"document": empty_document()},
    "ingestion.crmconnection": lambda: {"after_id": ""},
    "ingestion.plan": lambda: {"currency": ""},
    "ingestion.limit": lambda: {"gauge_trait": f"{MARK}_trait"},
    "ingestion.planrule": lambda: {"fact": "plan", "status": "", "plan_property": ""},
    "routing.routingrule": lambda: {"target": "nurture"},
}

# What they ask for besides, of a row that refers to something through the field of this name.
BESIDE: dict[str, Callable[[], dict[str, Any]]] = {
    "ingestion.limit.action": lambda: {"gauge_trait": ""},
    "ingestion.limit.returning_action": lambda: {
        "gauge_trait": "",
        "action": _referred(apps.get_model("ingestion.Action")),
    },
    "scoring.signal.list": lambda: {"trait_operator": "in_list"},
    "scoring.signal.limit": lambda: {"kind": "usage", "action": None},
}


def tenant_models() -> list[type[TenantModel]]:
    """Every model behind the wall, in a stable order."""
    return sorted(
        (model for model in apps.get_models() if issubclass(model, TenantModel)),
        key=lambda model: model._meta.label_lower,
    )


def make_row(model: Any, **values: Any) -> Any:
    """Save and return a row in the current tenant; what it refers to is found there or made."""
    label = model._meta.label_lower
    beside = [BESIDE.get(f"{label}.{name.removesuffix('_id')}", dict)() for name in values]
    for special in [*beside, SPECIAL.get(label, dict)()]:
        values = special | values
    for field in model._meta.local_fields:
        if field.name in values or field.attname in values or field.name == "tenant":
            continue
        if isinstance(field, models.ForeignKey):
            if not field.null:
                values[field.name] = _referred(field.related_model)
        elif not (field.null or field.has_default() or isinstance(field, models.AutoField)):
            values[field.name] = _value(field)
    return model.objects.create(**values)


def _referred(model: Any) -> Any:
    if model is User:
        return User.objects.create_user(f"person{next(_numbers)}@example.test", None)
    if model is BusinessUnit:
        return _root()
    return model.objects.first() or make_row(model)


def _value(field: models.Field) -> Any:
    if field.choices:
        return field.flatchoices[0][0]
    if isinstance(field, ArrayField):
        return []
    if isinstance(field, models.CharField) and field.max_length == 3:
        return "EUR"
    for kind, make in _MAKERS:
        if isinstance(field, kind):
            return make()
    raise TypeError(f"No value for {field!r}: add its type to tests/factories/any_row.py")


def _word() -> str:
    return f"{MARK}{next(_numbers)}"


_MAKERS: list[tuple[type, Any]] = [
    (models.DateTimeField, lambda: MOMENT),
    (models.DateField, lambda: date(2026, 3, 10)),
    (models.UUIDField, uuid7),
    (models.EmailField, lambda: f"{_word()}@example.test"),
    (models.URLField, lambda: f"https://{_word()}.example.test"),
    ((models.CharField, models.TextField), _word),  # type: ignore[list-item]
    (models.BinaryField, lambda: _word().encode()),
    (models.BooleanField, lambda: False),
    (models.JSONField, dict),
    (models.DecimalField, lambda: Decimal(1)),
    (models.IntegerField, lambda: next(_numbers)),
]
