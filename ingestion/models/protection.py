"""What keeps strangers from becoming one person: ids that stand for nobody, and limits on what one id may join."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantModel

USERS_PER_DEVICE, DEVICES_PER_DAY = 10, 50
_counts = [MinValueValidator(1), MaxValueValidator(10_000)]


class IdentityRule(KeyedTenantModel):
    """What a tenant says about one id: that it stands for nobody, or that it may join more than the limits allow."""

    class Kind(models.TextChoices):
        PERSON_ID = "person_id", _("User or anonymous id")
        GROUP_ID = "group_id", _("Group id")

    class Verdict(models.TextChoices):
        BLOCKED = "blocked", _("Joins nobody")
        TRUSTED = "trusted", _("No limit")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    value = models.TextField(_("id"))
    verdict = models.CharField(_("what holds"), max_length=8, choices=Verdict.choices)
    note = models.CharField(_("why"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("rule about an id")
        verbose_name_plural = _("identity")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "value"], name="identity_rule_once"),
            models.CheckConstraint(
                condition=models.Q(kind="person_id") | models.Q(verdict="blocked"),
                name="identity_rule_trusts_persons_only",
            ),
        ]

    def __str__(self) -> str:
        return self.value


class IdentityLimits(TenantModel):
    """How much one id may join; a tenant without a row has the defaults. While `redraw_after` is set, links are judged
    again by limits that were changed: up to that identity in the last committed slice."""

    id = models.BigAutoField(primary_key=True)
    users_per_device = models.PositiveIntegerField(
        _("users per anonymous id"),
        default=USERS_PER_DEVICE,
        validators=_counts,
        help_text=_("An anonymous id seen with more users is a shared device and joins none of them."),
    )
    devices_per_day = models.PositiveIntegerField(
        _("new anonymous ids per user and day"),
        default=DEVICES_PER_DAY,
        validators=_counts,
        help_text=_(
            "More on one day (UTC) come from a machine; those after the first so many are not joined."
        ),
    )
    redraw_after = models.BigIntegerField(null=True, editable=False)
    redraw_done = models.BigIntegerField(default=0, editable=False)
    redraw_total = models.BigIntegerField(null=True, editable=False, help_text="Counted by the first slice.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="identity_limits_once")]

    @property
    def share(self) -> float:
        """How far judging again has come, from 0 to 1."""
        return min(1.0, self.redraw_done / self.redraw_total) if self.redraw_total else 0.0


class DomainSweep(TenantModel):
    """Accounts by e-mail domain were switched on or off: persons are gone through, up to the key `done_id` of the last
    committed slice. Gone when it is done."""

    id = models.BigAutoField(primary_key=True)
    requested_at = models.DateTimeField()
    done_id = models.BigIntegerField(default=0, help_text="Person.")
    persons_done = models.BigIntegerField(default=0)
    persons_total = models.BigIntegerField(null=True, help_text="Counted by the first slice.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="domain_sweep_once")]

    @property
    def share(self) -> float:
        """How far it has come, from 0 to 1."""
        return min(1.0, self.persons_done / self.persons_total) if self.persons_total else 0.0
