from django.db import migrations, models

from tenants.rls import DropKeyIndexes


class Migration(migrations.Migration):

    dependencies = [
        ('scoring', '0007_qualification_entered_once'),
        ('tenants', '0004_zone_changes'),
    ]

    operations = [
        DropKeyIndexes(),
        migrations.AddIndex(
            model_name='qualification',
            index=models.Index(fields=['tenant', 'version'], name='qualification_by_version'),
        ),
    ]
