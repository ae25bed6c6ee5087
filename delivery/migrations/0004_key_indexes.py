from django.db import migrations, models

from tenants.rls import DropKeyIndexes


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0003_incidents'),
        ('tenants', '0004_zone_changes'),
    ]

    operations = [
        DropKeyIndexes(),
        migrations.AddIndex(
            model_name='deliveryattempt',
            index=models.Index(fields=['tenant', 'delivery'], name='attempt_by_delivery'),
        ),
    ]
