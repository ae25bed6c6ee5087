from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scoring', '0006_qualification_is_held_out'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='qualificationevent',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'entered')), fields=('tenant', 'qualification'), name='qualification_entered_once'),
        ),
    ]
