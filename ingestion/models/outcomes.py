"""Facts about what came of it, written downward by scoring, routing and delivery, read by experiments and reports."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import TenantModel


class Outcome(TenantModel):
    """A goal reached by a person or an account. `goal` is the key of the motion whose goal it is."""

    id = models.BigAutoField(primary_key=True)
    subject_kind = models.SmallIntegerField(help_text="As Touched.Kind: 1 person, 2 account.")
    subject_id = models.BigIntegerField()
    goal = models.UUIDField()
    at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"))
    number = models.DecimalField(
        max_digits=38, decimal_places=9, null=True, help_text="The number of the goal's action, as received."
    )
    amount_minor = models.BigIntegerField(
        _("amount"), null=True, help_text="In minor units of the currency, as received."
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    fact_key = models.CharField(
        max_length=64, help_text="Says which fact this is, so that it is written once."
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        constraints = [models.UniqueConstraint(fields=["tenant", "goal", "fact_key"], name="outcome_once")]
        indexes = [models.Index(fields=["tenant", "goal", "at"], name="outcome_by_goal")]
