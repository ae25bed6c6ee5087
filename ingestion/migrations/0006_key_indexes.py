from django.db import migrations

from tenants.rls import DropKeyIndexes


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0005_person_lookups'),
    ]

    operations = [
        DropKeyIndexes(),
    ]
