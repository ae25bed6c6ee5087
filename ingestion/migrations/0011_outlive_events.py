"""What is read of an event when it may be gone: first and last seen of each identity, whether the event by itself counts,
and the currency of a number. Filled from the events that are stored."""

from django.db import migrations, models

from tenants.rls import ForEachTenant

SPANS = """
UPDATE ingestion_identity i SET first_seen_at = e.first, last_seen_at = e.last
FROM (
    SELECT identity_id, min(ts) AS first, max(ts) AS last FROM ingestion_event
    WHERE tenant_id = %(tenant_id)s GROUP BY identity_id) e
WHERE i.tenant_id = %(tenant_id)s AND i.id = e.identity_id
"""
OWN_EXCLUSIONS = """
UPDATE ingestion_activity a SET own_exclusion = e.exclusion FROM ingestion_event e
WHERE a.tenant_id = %(tenant_id)s AND a.exclusion <> 0
    AND e.tenant_id = %(tenant_id)s AND e.id = a.event_id AND e.received_at = a.received_at AND e.exclusion <> 0
"""
# As ingestion.rules.money.currency_code reads it.
CURRENCIES = """
UPDATE ingestion_activity a SET currency = upper(btrim(e.properties ->> 'currency')) FROM ingestion_event e
WHERE a.tenant_id = %(tenant_id)s AND a.number IS NOT NULL
    AND e.tenant_id = %(tenant_id)s AND e.id = a.event_id AND e.received_at = a.received_at
    AND jsonb_typeof(e.properties -> 'currency') = 'string'
    AND upper(btrim(e.properties ->> 'currency')) ~ '^[A-Z]{3}$'
"""


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0010_import_files"), ("tenants", "0006_source_limits")]

    operations = [
        migrations.AddField(
            model_name="identity", name="first_seen_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(model_name="identity", name="last_seen_at", field=models.DateTimeField(null=True)),
        migrations.RunSQL(
            "ALTER TABLE ingestion_activity ADD own_exclusion smallint NOT NULL DEFAULT 0, ADD currency text"
        ),
        ForEachTenant(SPANS, OWN_EXCLUSIONS, CURRENCIES),
    ]
