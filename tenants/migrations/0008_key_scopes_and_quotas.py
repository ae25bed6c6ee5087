import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import tenants.base
import tenants.models.credentials
from django.db import migrations, models
from pathlib import Path

from tenants.rls import SecureTables
from tenants.roles import AUTHN_ROLE

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0007_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='SourceUsage',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('events', models.BigIntegerField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddField(
            model_name='source',
            name='quota_events',
            field=models.PositiveBigIntegerField(blank=True, help_text="From 80 % on the home page and the source's page say so. Empty: no quota.", null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='quota of events'),
        ),
        migrations.AddField(
            model_name='source',
            name='quota_period',
            field=models.CharField(choices=[('day', 'a day'), ('month', 'a month')], default='month', max_length=8, verbose_name='quota for'),
        ),
        migrations.AddField(
            model_name='source',
            name='refuses_over_quota',
            field=models.BooleanField(default=False, help_text='Senders get 429 until the next day or month begins. They keep their events a while and try again; what they give up is lost. Off: everything is taken, and you are warned.', verbose_name='refuse what is above the quota'),
        ),
        migrations.AddField(
            model_name='writekey',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('events:write', 'Send what people do (track, page, screen)'), ('profiles:write', 'Say who people and accounts are (identify, group, alias)'), ('settings:read', 'Read the settings that browser and mobile SDKs load before they send')], max_length=32), default=tenants.models.credentials.all_key_scopes, size=None, verbose_name='may'),
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(('quota_period__in', ['day', 'month'])), name='source_quota_period_known'),
        ),
        migrations.AddField(
            model_name='sourceusage',
            name='source',
            field=tenants.base.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='usage', to='tenants.source'),
        ),
        migrations.AddField(
            model_name='sourceusage',
            name='tenant',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
        migrations.AddConstraint(
            model_name='sourceusage',
            constraint=models.UniqueConstraint(fields=('tenant', 'source', 'day'), name='source_usage_once'),
        ),
    SecureTables('SourceUsage'),
        migrations.RunSQL(f"GRANT SELECT (quota_events, quota_period, refuses_over_quota) ON tenants_source TO {AUTHN_ROLE}"),
        migrations.RunSQL(f"GRANT SELECT (scopes) ON tenants_writekey TO {AUTHN_ROLE}"),
        migrations.RunSQL(f"SET LOCAL ROLE {AUTHN_ROLE}"),
        migrations.RunSQL((SQL / "authn_scopes.sql").read_text()),
        migrations.RunSQL("RESET ROLE"),
    ]
