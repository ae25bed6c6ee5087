from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0007_clean_data'),
    ]

    operations = [
        migrations.AddField(
            model_name='eventname',
            name='days',
            field=models.JSONField(default=dict, help_text='Date to events of that day; the newest 60. In the zone the tenant had when they were folded.'),
        ),
        migrations.AddField(
            model_name='eventname',
            name='libraries',
            field=models.JSONField(default=dict, help_text='SDK and version to [events, last day]; the 20 seen last.'),
        ),
        migrations.AlterField(
            model_name='eventname',
            name='properties',
            field=models.JSONField(default=dict, help_text='Property name to {type: count, first, last, examples}; at most 200 names, nothing personal.', verbose_name='properties'),
        ),
    ]
