from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0003_activity_indexes_cover'),
    ]

    operations = [
        migrations.AddField(
            model_name='outcome',
            name='number',
            field=models.DecimalField(decimal_places=9, help_text="The number of the goal's action, as received.", max_digits=38, null=True),
        ),
    ]
