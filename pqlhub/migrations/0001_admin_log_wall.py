"""Django's own admin log goes behind the tenant wall: its rows name objects and people of one tenant."""

from django.db import migrations

from tenants.rls import secure_table_sql

ADD_TENANT = """
ALTER TABLE django_admin_log ADD COLUMN tenant_id bigint NOT NULL
    DEFAULT NULLIF(current_setting('app.tenant_id', true), '')::bigint
    REFERENCES tenants_tenant (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX django_admin_log_by_tenant ON django_admin_log (tenant_id, action_time);
"""


class Migration(migrations.Migration):
    dependencies = [("admin", "0003_logentry_add_action_flag_choices"), ("tenants", "0001_initial")]
    operations = [migrations.RunSQL(ADD_TENANT), migrations.RunSQL(secure_table_sql("django_admin_log"))]
