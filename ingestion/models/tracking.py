"""Tracking plans: what a source may send, and where what it sends departs from that."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ingestion.models.events import EventKind
from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class TrackingPlan(KeyedTenantModel):
    """What one or several sources may send. What it says lives in its versions; one of them is live."""

    name = models.CharField(_("name"), max_length=120, help_text=_("For example: Web app and mobile."))
    created_at = models.DateTimeField(_("created"), editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("tracking plan")
        verbose_name_plural = _("tracking plans")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="tracking_plan_name_once")]

    def __str__(self) -> str:
        return self.name


class PlannedSource(TenantModel):
    """A source that a plan is about. A source has one plan at most."""

    id = models.BigAutoField(primary_key=True)
    plan = TenantForeignKey(TrackingPlan, on_delete=models.CASCADE, related_name="planned_sources")
    source = TenantForeignKey("tenants.Source", on_delete=models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("source of a tracking plan")
        verbose_name_plural = _("sources of tracking plans")
        constraints = [models.UniqueConstraint(fields=["tenant", "source"], name="planned_source_once")]


class TrackingPlanVersion(KeyedTenantModel):
    """A document as ingestion.rules.tracking reads it. Immutable once it leaves draft."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        LIVE = "live", _("live")
        ARCHIVED = "archived", _("replaced")

    plan = TenantForeignKey(TrackingPlan, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    document = models.JSONField(default=dict)
    edition = models.IntegerField(default=1, help_text="Grows with every save of the draft.")
    created_at = models.DateTimeField(_("created"))
    published_at = models.DateTimeField(_("published"), null=True)
    published_by_id = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("version of a tracking plan")
        verbose_name_plural = _("versions of tracking plans")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "plan", "number"], name="tracking_version_once"),
            models.UniqueConstraint(
                fields=["tenant", "plan"], condition=Q(state="draft"), name="tracking_one_draft"
            ),
            models.UniqueConstraint(
                fields=["tenant", "plan"], condition=Q(state="live"), name="tracking_one_live"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True)
                | Q(state__in=["live", "archived"], published_at__isnull=False),
                name="tracking_published_unless_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"


class Violation(TenantModel):
    """One way in which events of one name from one source depart from the plan: how often and when, by the days on
    which they were received in the tenant's zone. Kept by the fold."""

    class Code(models.TextChoices):
        UNPLANNED_EVENT = "unplanned_event", _("event not in the plan")
        UNPLANNED_PROPERTY = "unplanned_property", _("property not in the plan")
        MISSING = "missing_property", _("required property is missing")
        WRONG_TYPE = "wrong_type", _("wrong type")
        NOT_ALLOWED = "not_allowed", _("value not allowed")
        WRONG_FORMAT = "wrong_format", _("wrong format")
        BROKEN_RULE = "broken_rule", _("another rule of the schema")
        EVENT_NAME = "event_name", _("event named against the convention")
        PROPERTY_NAME = "property_name", _("property named against the convention")

    id = models.BigAutoField(primary_key=True)
    plan = TenantForeignKey(TrackingPlan, on_delete=models.CASCADE, related_name="+")
    source_id = models.UUIDField(_("source"))
    event_kind = models.SmallIntegerField(_("kind"), choices=EventKind.choices)
    event_name = models.TextField(_("event"))
    code = models.CharField(_("what"), max_length=24, choices=Code.choices)
    property = models.TextField(_("property"), blank=True)
    number = models.BigIntegerField(_("events"))
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    days = models.JSONField(default=dict, help_text="Date to events of that day; the newest 60.")
    expected = models.TextField(blank=True)
    got = models.TextField(
        blank=True, help_text="Type and, unless it may be personal, value of the last one."
    )
    sample_message_id = models.TextField(blank=True)
    library = models.TextField(blank=True, help_text="SDK and version of the last one.")

    class Meta(TenantModel.Meta):
        verbose_name = _("violation")
        verbose_name_plural = _("violations")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source_id", "event_kind", "event_name", "code", "property"],
                name="violation_once",
            )
        ]
        indexes = [models.Index(fields=["tenant", "plan", "-last_seen_at"], name="violation_newest")]

    def __str__(self) -> str:
        return f"{self.event_name} {self.code} {self.property}".strip()
