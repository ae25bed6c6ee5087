"""Former members, invitations that say whether they were mailed, readable audit per unit, and deleting a tenant."""

import datetime
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from pathlib import Path

from tenants.roles import AUTHN_ROLE

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="business_unit_id",
            field=models.UUIDField(
                help_text="Whose owners may read this; empty: corporate admins only.",
                null=True,
                verbose_name="business unit",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="mailed_at",
            field=models.DateTimeField(
                editable=False,
                help_text="Empty: the mail could not be sent. Send it again.",
                null=True,
                verbose_name="mailed",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="ended_at",
            field=models.DateTimeField(
                editable=False,
                help_text="Set when removed: old leads still name their rep.",
                null=True,
                verbose_name="until",
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="created_at",
            field=models.DateTimeField(editable=False, verbose_name="invited"),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="invited by",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "expires_at__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("created_at"), "+", models.Value(datetime.timedelta(days=366))
                        ),
                    )
                ),
                name="api_token_lives_a_year_at_most",
            ),
        ),
        migrations.RunSQL((SQL / "erase.sql").read_text()),
        migrations.RunSQL(f"GRANT SELECT (ended_at) ON tenants_membership TO {AUTHN_ROLE}"),
        migrations.RunSQL(f"SET LOCAL ROLE {AUTHN_ROLE}"),
        migrations.RunSQL((SQL / "authn_former_members.sql").read_text()),
        migrations.RunSQL("RESET ROLE"),
    ]
