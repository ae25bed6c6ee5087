"""Row-level security as migration operations: the migration that makes a tenant table also secures it."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tenants.base import TenantForeignKey
from tenants.roles import APP_ROLE

# NULLIF, because after a transaction that set it the setting is '' and not NULL, and ''::bigint raises on a pooled
# connection. No subquery, no OR, no second policy: each was measured to leak or to cost an index.
POLICY = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::bigint"


def secure_table_sql(table: str, *, append_only: bool = False) -> list[str]:
    """The statements that put `table` behind the wall. append_only: the app may add and read, never change."""
    verbs = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY tenant_wall ON "{table}" USING ({POLICY}) WITH CHECK ({POLICY})',
        f'GRANT {verbs} ON "{table}" TO {APP_ROLE}',
    ]


def tenant_foreign_key_sql(table: str, column: str, to_table: str, to_column: str) -> str:
    """A composite foreign key, checked at commit like Django's own."""
    name = f"{table[:24]}_{column[:20]}_tenant_fk"
    return (
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (tenant_id, "{column}") '
        f'REFERENCES "{to_table}" (tenant_id, "{to_column}") DEFERRABLE INITIALLY DEFERRED'
    )


class _DatabaseOnly(Operation):
    """An operation that changes the database and leaves Django's model state alone."""

    reversible = False
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        return None

    def database_backwards(self, *args: Any) -> None:
        raise NotImplementedError("Dropping the table drops its wall.")


class SecureTables(_DatabaseOnly):
    """For each model: primary key (tenant_id, id), composite foreign keys, forced row-level security, and rights
    for the app role. The keys come first for all of them, because a foreign key needs its target's."""

    def __init__(self, *model_names: str, append_only: Sequence[str] = ()) -> None:
        self.model_names = model_names
        self.append_only = tuple(append_only)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "SecureTables", list(self.model_names), {"append_only": self.append_only}

    def describe(self) -> str:
        return f"Put {', '.join(self.model_names)} behind the tenant wall"

    def database_forwards(
        self,
        app_label: str,
        editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        models = [to_state.apps.get_model(app_label, name) for name in self.model_names]
        for model in models:
            table, key = model._meta.db_table, model._meta.pk.column
            editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_pkey"')
            editor.execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY (tenant_id, "{key}")')
        for name, model in zip(self.model_names, models, strict=True):
            for field in model._meta.local_fields:
                if isinstance(field, TenantForeignKey):
                    editor.execute(_foreign_key_for(model._meta.db_table, field))
            for statement in secure_table_sql(model._meta.db_table, append_only=name in self.append_only):
                editor.execute(statement)


class SecureForeignKey(_DatabaseOnly):
    """The composite constraint for a TenantForeignKey added to a table that is already behind the wall."""

    def __init__(self, model_name: str, field_name: str) -> None:
        self.model_name = model_name
        self.field_name = field_name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "SecureForeignKey", [self.model_name, self.field_name], {}

    def database_forwards(
        self,
        app_label: str,
        editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.field_name)
        editor.execute(_foreign_key_for(model._meta.db_table, field))


class DropKeyIndexes(_DatabaseOnly):
    """Drops the indexes that Django once made for the app's tenant foreign keys, each without the tenant."""

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "DropKeyIndexes", [], {}

    def describe(self) -> str:
        return "Drop the indexes on foreign keys that lack the tenant"

    def database_forwards(
        self,
        app_label: str,
        editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        with editor.connection.cursor() as cursor:
            for model in to_state.apps.get_app_config(app_label).get_models():
                keys = [[f.column] for f in model._meta.local_fields if isinstance(f, TenantForeignKey)]
                found = editor.connection.introspection.get_constraints(cursor, model._meta.db_table)
                for name, index in found.items():
                    if index["index"] and not index["unique"] and index["columns"] in keys:
                        editor.execute(f'DROP INDEX "{name}"')


class GrantToApp(_DatabaseOnly):
    """Rights of the app role on a table without row-level security (global and reference tables)."""

    def __init__(self, *tables: str, verbs: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
        self.tables = tables
        self.verbs = verbs

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "GrantToApp", list(self.tables), {"verbs": self.verbs}

    def database_forwards(
        self,
        app_label: str,
        editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for table in self.tables:
            editor.execute(f'GRANT {self.verbs} ON "{table}" TO {APP_ROLE}')


class ForEachTenant(_DatabaseOnly):
    """Changes data that is there already, tenant by tenant: forced row-level security holds for the owner too, so that
    a bare UPDATE would touch nothing and say nothing. `statements` name tenant_id = %(tenant_id)s."""

    reduces_to_sql = False

    def __init__(self, *statements: str) -> None:
        self.statements = statements

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "ForEachTenant", list(self.statements), {}

    def describe(self) -> str:
        return "Change data of each tenant"

    def database_forwards(
        self,
        app_label: str,
        editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        connection: Any = editor.connection
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, status FROM tenants_tenant ORDER BY id")
            for tenant_id, status in cursor.fetchall():
                connection.bind_tenant(tenant_id)
                cursor.execute("SELECT count(*) FROM tenants_businessunit")
                if not cursor.fetchone()[0] and status != "deleting":
                    raise RuntimeError(f"The wall hides tenant {tenant_id}: nothing of it would be changed.")
                for statement in self.statements:
                    cursor.execute(statement, {"tenant_id": tenant_id})
            connection.bind_tenant(None)


def _foreign_key_for(table: str, field: Any) -> str:
    remote = field.related_model._meta
    return tenant_foreign_key_sql(table, field.column, remote.db_table, field.target_field.column)
