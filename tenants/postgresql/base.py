"""Django's PostgreSQL backend plus one line: a transaction opened for a tenant tells the database which one."""

from django.db.backends.postgresql import base, features

from tenants.context import current_tenant_id_or_none


class DatabaseFeatures(features.DatabaseFeatures):
    """Keys lead with tenant_id, so grouping by a row's id alone does not stand for its other columns."""

    allows_group_by_selected_pks = False


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        tenant_id = current_tenant_id_or_none()
        if not autocommit and tenant_id is not None:
            self.bind_tenant(tenant_id)

    def bind_tenant(self, tenant_id: int | None) -> None:
        """Set the tenant for the rest of this transaction (SET LOCAL: nothing survives it, so pooling is safe).

        A literal SET and not set_config(): only SET is passed on to the workers of a Citus cluster."""
        value = "" if tenant_id is None else str(int(tenant_id))
        with self.wrap_database_errors:
            self.connection.execute(f"SET LOCAL app.tenant_id = '{value}'")
