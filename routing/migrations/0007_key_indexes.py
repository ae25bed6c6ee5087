from django.db import migrations, models

from tenants.rls import DropKeyIndexes


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0006_lead_taken_off_hold'),
        ('scoring', '0007_qualification_entered_once'),
        ('tenants', '0004_zone_changes'),
    ]

    operations = [
        DropKeyIndexes(),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['tenant', 'business_unit'], name='lead_by_unit'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['tenant', 'pool'], name='lead_by_pool'),
        ),
    ]
