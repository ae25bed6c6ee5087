"""What every tenant table is built from: the base model, its manager and the foreign key that cannot cross tenants."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.sql.where import WhereNode
from django.forms import ModelChoiceField
from uuid6 import uuid7

from tenants.context import current_tenant_id


class TenantQuerySet(models.QuerySet[Any]):
    """Fills the tenant on bulk inserts; everything else is already filtered by the manager."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.tenant_id = row.tenant_id or current_tenant_id()
        return super().bulk_create(rows, *args, **kwargs)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Adds `tenant_id = <literal>`: with the literal the planner has exact statistics and an index condition, and a
    query outside any tenant fails loudly here instead of returning nothing at the wall."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(tenant_id=current_tenant_id())


class TenantModel(models.Model):
    """A row that belongs to one tenant. Its table must be secured by tenants.rls.SecureTable in its migration."""

    # Every key and index leads with tenant_id already.
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.tenant_id is None:
            self.tenant_id = current_tenant_id()
        super().save(*args, **kwargs)

    def validate_unique(self, exclude: Any = None) -> None:
        super().validate_unique(exclude=_without_tenant(exclude))

    def validate_constraints(self, exclude: Any = None) -> None:
        # Forms leave `tenant` out, and Django then skips every constraint that names it: all of ours do.
        if self.tenant_id is None:
            self.tenant_id = current_tenant_id()
        super().validate_constraints(exclude=_without_tenant(exclude))

    def unique_error_message(self, model_class: Any, unique_check: Sequence[str]) -> ValidationError:
        """“Source with this Name already exists”: that it is so within the tenant goes without saying."""
        return super().unique_error_message(model_class, [name for name in unique_check if name != "tenant"])


def _without_tenant(exclude: Iterable[str] | None) -> set[str]:
    return set(exclude or ()) - {"tenant"}


class KeyedTenantModel(TenantModel):
    """A tenant row that a person can open: its key is a UUIDv7, so it says nothing about volume."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta(TenantModel.Meta):
        abstract = True


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A foreign key between two rows of the same tenant. The constraint in the database is (tenant_id, key), made by
    tenants.rls.SecureTable; joins carry the tenant too, so no plan and no shard ever leaves it.

    It has no index of its own: one without the tenant costs every write, and it lures a planner that does not know a
    new tenant yet. Where rows are looked up by the key, the model's Meta has an index that leads with the tenant.
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = kwargs["db_index"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        kwargs.pop("db_index", None)
        return name, path, args, kwargs

    def get_extra_restriction(self, alias: str | None, related_alias: str) -> WhereNode | None:
        if alias is None:
            return None
        remote: Any = self.related_model._meta.get_field("tenant")
        local: Any = self.model._meta.get_field("tenant")
        condition = remote.get_lookup("exact")(remote.get_col(related_alias), local.get_col(alias))
        return WhereNode([condition])

    def formfield(self, **kwargs: Any) -> Any:
        """Forms are classes made at import, before there is a tenant: their choices are filtered by the wall."""
        kwargs.pop("using", None)
        choices = {
            "form_class": ModelChoiceField,
            "queryset": TenantQuerySet(self.related_model),
            "to_field_name": self.remote_field.field_name,
            "blank": self.blank,
        }
        return models.Field.formfield(self, **{**choices, **kwargs})  # type: ignore[arg-type]
