import django.db.models.deletion
from django.db import migrations, models

import tenants.base
from tenants.rls import SecureTables


class Migration(migrations.Migration):

    dependencies = [
        ('scoring', '0004_replay_keeps_its_spec'),
        ('tenants', '0003_plural_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='version',
            name='revision',
            field=models.IntegerField(default=0, editable=False, help_text='Saves of this draft so far. Who saves says which one they saw.'),
        ),
        migrations.CreateModel(
            name='DraftSave',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('revision', models.IntegerField()),
                ('saved_at', models.DateTimeField()),
                ('saved_by_id', models.UUIDField(null=True)),
                ('changes', models.JSONField(default=list)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
                ('version', tenants.base.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saves', to='scoring.version')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddConstraint(
            model_name='draftsave',
            constraint=models.UniqueConstraint(fields=('tenant', 'version', 'revision'), name='draft_save_once'),
        ),
        SecureTables('DraftSave'),
    ]
