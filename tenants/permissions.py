"""Answers Django's permission questions from the membership in the current tenant. There are no groups."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.db.models import Model

from tenants.access import MODEL_AREAS, Level, access_of
from tenants.context import current_tenant_id_or_none
from tenants.models import BusinessUnit, User

OPERATOR_APPS = {"django_celery_beat"}
OPERATOR_MODELS = {"tenants.tenant", "tenants.platformevent", "tenants.work", "pqlhub.jobstatus"}


class MembershipBackend(BaseBackend):
    """Permissions only; who you are is answered by allauth."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        app, codename = perm.split(".", 1)
        verb, _, model = codename.partition("_")
        name = f"{app}.{model}"
        if app in OPERATOR_APPS or name in OPERATOR_MODELS:
            return _is_operator(user_obj)
        area = MODEL_AREAS.get(name)
        if area is None or not user_obj.is_active:
            return False
        wanted = Level.VIEW if verb == "view" else Level.CHANGE
        unit = business_unit_of(obj) if obj is not None else None
        return access_of(user_obj).level(area, unit.path if unit else None) >= wanted

    def has_module_perms(self, user_obj: User, app_label: str) -> bool:
        if app_label in OPERATOR_APPS:
            return _is_operator(user_obj)
        if app_label == "tenants" and _is_operator(user_obj):
            return True
        if current_tenant_id_or_none() is None:
            return False
        access = access_of(user_obj)
        return any(
            access.level(area) >= Level.VIEW
            for name, area in MODEL_AREAS.items()
            if name.startswith(f"{app_label}.")
        )


def _is_operator(user: Any) -> bool:
    """Also asked about the anonymous user, who has no such attribute."""
    return bool(user.is_active and getattr(user, "is_platform_operator", False))


def business_unit_of(obj: Model) -> BusinessUnit | None:
    """The unit that owns a row: its own field, or that of the parent named by `owned_through`. None: tenant-wide."""
    if isinstance(obj, BusinessUnit):
        return obj
    steps = getattr(obj, "owned_through", "")
    for step in steps.split("__") if steps else ():
        obj = getattr(obj, step, None)  # type: ignore[assignment]
    unit = getattr(obj, "business_unit", None)
    return unit if isinstance(unit, BusinessUnit) else None
