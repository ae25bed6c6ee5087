from pathlib import Path

import django.db.models.deletion
import uuid6
from django.db import migrations, models

from tenants.rls import ForEachTenant, SecureTables

COUNT = """
INSERT INTO ingestion_eventmonth (tenant_id, source_id, month, events)
SELECT tenant_id, source_id, date_trunc('month', received_at AT TIME ZONE 'UTC')::date, count(*)
FROM ingestion_event WHERE tenant_id = %(tenant_id)s GROUP BY 1, 2, 3
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0012_historical_imports'),
        ('tenants', '0007_retention'),
    ]

    operations = [
        migrations.AddField(
            model_name='actionversion',
            name='counts_from',
            field=models.DateField(help_text='Events received before it were gone when history was matched; null: all were there.', null=True),
        ),
        migrations.CreateModel(
            name='EventMonth',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('source_id', models.UUIDField()),
                ('month', models.DateField(help_text='Its first day.')),
                ('events', models.BigIntegerField(default=0)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'month', 'source_id'), name='event_month_once')],
            },
        ),
        migrations.CreateModel(
            name='Trim',
            fields=[
                ('id', models.UUIDField(default=uuid6.uuid7, editable=False, primary_key=True, serialize=False)),
                ('events_before', models.DateField(help_text='None: no event goes.', null=True)),
                ('activity_before', models.DateField(help_text='None: no activity goes.', null=True)),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('paused_at', models.DateTimeField(null=True, verbose_name='paused')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('events_total', models.BigIntegerField(default=0)),
                ('events_gone', models.BigIntegerField(default=0, verbose_name='events')),
                ('quarantine_gone', models.BigIntegerField(default=0, verbose_name='quarantined')),
                ('activity_total', models.BigIntegerField(help_text='Rows to look at, counted when it is its turn.', null=True)),
                ('activity_seen', models.BigIntegerField(default=0)),
                ('activity_gone', models.BigIntegerField(default=0, verbose_name='activity')),
                ('done_event', models.BigIntegerField(default=0)),
                ('done_version', models.BigIntegerField(default=0, help_text='With done_version_event: in activity.')),
                ('done_version_event', models.BigIntegerField(default=0)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'verbose_name': 'removal of old history',
                'verbose_name_plural': 'storage',
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('tenant',), name='trim_one_open')],
            },
        ),
        SecureTables("EventMonth", "Trim"),
        ForEachTenant(COUNT),
        migrations.RunSQL((Path(__file__).parent.parent / "sql" / "partitions.sql").read_text()),
    ]
