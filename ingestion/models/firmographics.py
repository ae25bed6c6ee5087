"""Whose word about a trait goes first."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from ingestion.models.subjects import TraitValue
from tenants.base import TenantModel


class TraitPrecedence(TenantModel):
    """The order of origins for one trait, the first winning; for the trait "" of all others."""

    id = models.BigAutoField(primary_key=True)
    trait = models.CharField(_("trait"), max_length=255, blank=True)
    origins = ArrayField(
        models.SmallIntegerField(choices=TraitValue.Origin.choices), size=len(TraitValue.Origin)
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("precedence of a trait")
        verbose_name_plural = _("precedence of origins")
        constraints = [models.UniqueConstraint(fields=["tenant", "trait"], name="trait_precedence_once")]

    def __str__(self) -> str:
        return self.trait or str(_("all other traits"))


class PrecedenceSweep(TenantModel):
    """The order was changed: traits of subjects that several origins know are worked out anew, up to `done_id` of
    `subject_kind` so far. One row while it goes on."""

    id = models.BigAutoField(primary_key=True)
    subject_kind = models.SmallIntegerField(choices=TraitValue.Subject.choices)
    done_id = models.BigIntegerField(default=0)
    subjects_done = models.BigIntegerField(default=0)
    requested_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="precedence_sweep_once")]
