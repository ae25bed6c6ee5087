from django.db import migrations

from tenants.rls import DropKeyIndexes


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0002_assignment_mixed_at'),
    ]

    operations = [
        DropKeyIndexes(),
    ]
