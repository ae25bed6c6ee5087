import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models

from pathlib import Path

from tenants.roles import AUTHN_ROLE

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0005_key_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='allowed_origins',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, help_text='Where browsers may send from, one a line, like https://app.acme.com. Empty: from anywhere. What is no browser (a server, a phone) says no website and is always taken.', size=50, verbose_name='allowed websites'),
        ),
        migrations.AddField(
            model_name='source',
            name='events_per_second',
            field=models.PositiveIntegerField(blank=True, help_text="Counted in each web process, for each key, with ten seconds' worth at once. Above it senders get 429 and send again later; browsers with posthog-js or Jitsu lose those events. Empty: no limit.", null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='events a second, at most'),
        ),
        migrations.RunSQL(f"GRANT SELECT (allowed_origins, events_per_second) ON tenants_source TO {AUTHN_ROLE}"),
        migrations.RunSQL(f"SET LOCAL ROLE {AUTHN_ROLE}"),
        migrations.RunSQL((SQL / "authn_limits.sql").read_text()),
        migrations.RunSQL("RESET ROLE"),
    ]
