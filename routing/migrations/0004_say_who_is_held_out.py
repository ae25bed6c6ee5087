"""Tell scoring which PQLs of the past are held out. As the owner of forced row-level security a bare UPDATE would
touch nothing: tenant by tenant."""

from django.db import migrations

FILL = """
DO $$
DECLARE tenant bigint;
BEGIN
    FOR tenant IN SELECT id FROM tenants_tenant LOOP
        PERFORM set_config('app.tenant_id', tenant::text, true);
        UPDATE scoring_qualification AS q SET is_held_out = lead.state = 'held_out'
        FROM routing_lead AS lead
        WHERE q.tenant_id = tenant AND lead.tenant_id = tenant AND lead.qualification_id = q.id;
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0003_lead_search'),
        ('scoring', '0006_qualification_is_held_out'),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
