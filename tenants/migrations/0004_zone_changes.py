import django.db.models.deletion
from django.db import migrations, models

from tenants.rls import SecureTables


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0003_plural_names'),
    ]

    operations = [
        migrations.CreateModel(
            name='ZoneChange',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('time_zone', models.CharField(max_length=64)),
                ('requested_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('done_version', models.BigIntegerField(default=0)),
                ('done_event', models.BigIntegerField(default=0)),
                ('rows_done', models.BigIntegerField(default=0)),
                ('rows_total', models.BigIntegerField(help_text='Counted by the first slice.', null=True)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddConstraint(
            model_name='zonechange',
            constraint=models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('tenant',), name='zone_change_one_open'),
        ),
        SecureTables('ZoneChange'),
    ]
