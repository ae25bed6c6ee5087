from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='assignment',
            name='mixed_at',
            field=models.DateTimeField(help_text='When we noticed that the same people were assigned to another arm too. Not in the comparison.', null=True, verbose_name='mixed'),
        ),
    ]
