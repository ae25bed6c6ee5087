from django.db import migrations

from tenants.rls import DropKeyIndexes


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_zone_changes'),
    ]

    operations = [
        DropKeyIndexes(),
    ]
