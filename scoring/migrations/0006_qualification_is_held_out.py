from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scoring', '0005_draft_saves'),
    ]

    operations = [
        migrations.AddField(
            model_name='qualification',
            name='is_held_out',
            field=models.BooleanField(editable=False, help_text='Told by routing; empty until it has decided.', null=True),
        ),
        migrations.AddIndex(
            model_name='qualification',
            index=models.Index(condition=models.Q(('is_held_out', True), ('is_held_out__isnull', True), _connector='OR'), fields=['tenant', 'subject_kind', 'subject_id'], name='qualification_secret'),
        ),
    ]
