"""All that a tenant's tables say."""

from django.db import connection

from tenants import catalogue
from tenants.context import tenant_context


def dump(tenant) -> dict[str, list[str]]:
    """Every row of every tenant table as JSON text; the inbox's bytes as what they say."""
    found = {}
    with tenant_context(tenant.pk), connection.cursor() as cursor:
        for table in catalogue.tenant_tables():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t ORDER BY 1')
            found[table] = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT convert_from(payload, 'UTF8') FROM ingestion_inbox")
        found["payloads"] = [row[0] for row in cursor.fetchall()]
    return found


def mentions(tenant, texts) -> list[str]:
    """Tables and rows that contain one of the texts, in any case."""
    return [
        f"{table}: {text} in {row}"
        for table, rows in dump(tenant).items()
        for row in rows
        for text in texts
        if text.lower() in row.lower()
    ]
