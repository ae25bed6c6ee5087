"""What the definitions said: the score now, every change of it, and the episodes of being a PQL."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from scoring.models.definitions import Definition, Level, Version
from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


def unchecked_tenant() -> Any:
    """The tenant of rows written by the hundred thousand: row-level security lets no other in, so the foreign key would
    only check again, at a third of the cost of writing them."""
    return models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.CASCADE,
        related_name="+",
        editable=False,
        db_index=False,
        db_constraint=False,
    )


class Score(TenantModel):
    """The score of one subject under one version, rewritten only when it changes. next_due_at is the first moment at
    which it would change without a new event (an event leaves its window); null: never."""

    id = models.BigAutoField(primary_key=True)
    tenant = unchecked_tenant()
    version = TenantForeignKey(Version, on_delete=models.CASCADE, related_name="scores")
    subject_kind = models.SmallIntegerField(choices=Level.choices)
    subject_id = models.BigIntegerField()
    points = models.IntegerField(_("points"))
    band = models.CharField(_("band"), max_length=40, blank=True)
    is_qualified = models.BooleanField(
        _("qualifies"), help_text="Points at the threshold and every required signal."
    )
    contributions = models.JSONField(
        _("why"), help_text="[{signal, name, value, raw, points}], adds up to points."
    )
    computed_at = models.DateTimeField(_("computed"))
    next_due_at = models.DateTimeField(_("next due"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints = [models.UniqueConstraint(fields=["tenant", "version", "subject_id"], name="score_once")]
        indexes = [
            models.Index(fields=["tenant", "version", "next_due_at"], name="score_due"),
            models.Index(fields=["tenant", "version", "-points"], name="score_top"),
            models.Index(fields=["tenant", "subject_kind", "subject_id"], name="score_by_subject"),
        ]


class ScoreChange(TenantModel):
    """Append-only: the score as it was computed at `at`, whenever it differed from the one before."""

    id = models.BigAutoField(primary_key=True)
    tenant = unchecked_tenant()
    version_id = models.UUIDField()
    subject_kind = models.SmallIntegerField(choices=Level.choices)
    subject_id = models.BigIntegerField()
    at = models.DateTimeField()
    points = models.IntegerField()
    band = models.CharField(max_length=40, blank=True)
    is_qualified = models.BooleanField()
    contributions = models.JSONField()

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(
                fields=["tenant", "subject_kind", "subject_id", "at"], name="score_change_by_subject"
            )
        ]


class Qualification(KeyedTenantModel):
    """One episode of being a PQL ("PQL" in the console)."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        LEFT = "left", _("Cooled down")
        CONVERTED = "converted", _("Converted")
        MERGED = "merged", _("Merged")

    owned_through = "definition"

    definition = TenantForeignKey(Definition, on_delete=models.PROTECT, related_name="qualifications")
    version = TenantForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    subject_kind = models.SmallIntegerField(_("level"), choices=Level.choices)
    subject_id = models.BigIntegerField()
    triggered_at = models.DateTimeField(_("triggered"), help_text="Event time of what tipped it over.")
    opened_at = models.DateTimeField(
        _("opened"), help_text="When we noticed; a lead is never backdated before it."
    )
    points = models.IntegerField(_("points"))
    band = models.CharField(_("band"), max_length=40)
    contributions = models.JSONField(_("why"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(_("closed"), null=True)
    reset_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="After a conversion: when the score first dropped out again. Only then may it qualify anew.",
    )
    routed_at = models.DateTimeField(
        null=True, editable=False, help_text="Set by routing through our operation."
    )
    is_historical = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Opened by the past that was handed in, and by nothing else: routing leaves it until it is released.",
    )
    released_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When a historical one went to routing after all: something happened, or an admin said so.",
    )
    is_held_out = models.BooleanField(
        null=True, editable=False, help_text="Told by routing; empty until it has decided."
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("PQL")
        verbose_name_plural = _("PQLs")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "definition", "subject_id"],
                condition=Q(state="open"),
                name="qualification_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="qualification_closed_iff_not_open",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(is_historical=True),
                name="qualification_released_only_if_historical",
            ),
            models.CheckConstraint(
                condition=Q(routed_at__isnull=True) | Q(is_historical=False) | Q(released_at__isnull=False),
                name="qualification_historical_never_routed",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "definition", "opened_at"], name="qualification_by_time"),
            models.Index(fields=["tenant", "version"], name="qualification_by_version"),
            models.Index(fields=["tenant", "subject_kind", "subject_id"], name="qualification_by_subject"),
            models.Index(
                fields=["tenant", "opened_at"],
                condition=Q(routed_at__isnull=True),
                name="qualification_unrouted",
            ),
            models.Index(
                fields=["tenant", "definition", "-points"],
                condition=Q(is_historical=True, released_at__isnull=True, state="open"),
                name="qualification_of_the_past",
            ),
            models.Index(
                fields=["tenant", "subject_kind", "subject_id"],
                condition=Q(is_held_out=True) | Q(is_held_out__isnull=True),
                name="qualification_secret",
            ),
        ]

    def __str__(self) -> str:
        return f"PQL {self.pk}"


class QualificationEvent(TenantModel):
    """Append-only history of an episode: entered, moved to another band, left, converted, released to routing."""

    class Kind(models.TextChoices):
        ENTERED = "entered", _("became a PQL")
        BAND = "band", _("changed band")
        LEFT = "left", _("cooled down")
        CONVERTED = "converted", _("converted")
        MERGED = "merged", _("merged")
        RELEASED = "released", _("went to routing")

    id = models.BigAutoField(primary_key=True)
    qualification = TenantForeignKey(Qualification, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    points = models.IntegerField()
    band = models.CharField(max_length=40)

    class Meta(TenantModel.Meta):
        constraints = [
            # A planner that knows this leaves out the join where nobody asks for the first band.
            models.UniqueConstraint(
                fields=["tenant", "qualification"],
                condition=Q(kind="entered"),
                name="qualification_entered_once",
            )
        ]
        indexes = [models.Index(fields=["tenant", "qualification", "at"], name="qualification_event_order")]


class ReplayRun(KeyedTenantModel):
    """A version evaluated over history. It opens no leads."""

    owned_through = "version__definition"

    version = TenantForeignKey(Version, on_delete=models.CASCADE, related_name="replays")
    first_day = models.DateField()
    last_day = models.DateField()
    done_through = models.DateField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    closure = models.JSONField(
        null=True, editable=False, help_text="The spec it runs with: a draft may be edited meanwhile."
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("replay")
        verbose_name_plural = _("replays")

    def __str__(self) -> str:
        return f"{self.version}, {self.first_day} – {self.last_day}"


class ReplayQualification(TenantModel):
    """An episode found by a replay: qualified from the end of first_day on, no longer at the end of left_day."""

    id = models.BigAutoField(primary_key=True)
    run = TenantForeignKey(ReplayRun, on_delete=models.CASCADE, related_name="qualifications")
    subject_id = models.BigIntegerField()
    first_day = models.DateField()
    left_day = models.DateField(null=True)
    points = models.IntegerField()
    band = models.CharField(max_length=40)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "run", "subject_id", "first_day"], name="replay_episode_once"
            ),
        ]
