"""Randomised proof: who was assigned to what before anything acted, and when it would have acted."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class Experiment(KeyedTenantModel):
    """A randomised comparison. A holdout is one whose control arm gets nothing. The salt is its own: sharing one would
    put the same people into the control arm of two experiments."""

    class Kind(models.TextChoices):
        HOLDOUT = "holdout", _("Holdout")

    class State(models.TextChoices):
        DRAFT = "draft", _("Setting up")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.PROTECT, related_name="+", verbose_name=_("owned by")
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.HOLDOUT)
    definition_id = models.UUIDField(
        _("definition"),
        null=True,
        blank=True,
        help_text=_("Only leads of this definition; empty: all of the unit's."),
    )
    salt = models.CharField(max_length=64, editable=False)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("holdout")
        verbose_name_plural = _("holdouts")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "salt"], name="experiment_salt_once"),
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="experiment_name_once"),
            models.CheckConstraint(
                condition=Q(state="draft", started_at__isnull=True)
                | (~Q(state="draft") & Q(started_at__isnull=False)),
                name="experiment_started_iff_not_draft",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Arm(KeyedTenantModel):
    """A half-open range of the 10,000 buckets, in a stable order."""

    experiment = TenantForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    position = models.SmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=60)
    is_control = models.BooleanField(_("gets nothing"), default=False)
    weight = models.IntegerField(_("share (hundredths of a percent)"))

    class Meta(TenantModel.Meta):
        verbose_name = _("arm")
        verbose_name_plural = _("arms")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "experiment", "position"], name="arm_position_once"),
            models.UniqueConstraint(
                fields=["tenant", "experiment"], condition=Q(is_control=True), name="arm_one_control"
            ),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=9999), name="arm_weight"),
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(TenantModel):
    """The row is the truth, the hash only proposes: once written, a unit stays in its arm for good."""

    id = models.BigAutoField(primary_key=True)
    experiment = TenantForeignKey(Experiment, on_delete=models.PROTECT, related_name="assignments")
    arm = TenantForeignKey(Arm, on_delete=models.PROTECT, related_name="assignments")
    unit_kind = models.SmallIntegerField(help_text="1 person, 2 account")
    unit_id = models.BigIntegerField()
    bucket = models.IntegerField()
    propensity = models.IntegerField(
        help_text="Chance of this arm at assignment, in hundredths of a percent."
    )
    assigned_at = models.DateTimeField(_("assigned"))
    points = models.IntegerField(
        null=True, help_text="Score when assigned: a covariate frozen before treatment."
    )
    released_at = models.DateTimeField(_("released"), null=True)
    release_reason = models.TextField(blank=True)
    mixed_at = models.DateTimeField(
        _("mixed"),
        null=True,
        help_text="When we noticed that the same people were assigned to another arm too. Not in the comparison.",
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "experiment", "unit_kind", "unit_id"], name="assignment_once"
            ),
            models.CheckConstraint(condition=Q(bucket__gte=0, bucket__lt=10000), name="assignment_bucket"),
        ]


class Exposure(TenantModel):
    """The moment something would have acted on the unit: in every arm, the control arm included."""

    id = models.BigAutoField(primary_key=True)
    assignment = TenantForeignKey(Assignment, on_delete=models.PROTECT, related_name="exposures")
    assigned_at = models.DateTimeField()
    exposed_at = models.DateTimeField()
    action_ref = models.CharField(max_length=64, help_text="What would have acted: the lead's key.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "assignment", "action_ref"], name="exposure_once"),
            models.CheckConstraint(
                condition=Q(exposed_at__gte=F("assigned_at")), name="exposure_after_assignment"
            ),
        ]
