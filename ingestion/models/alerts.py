"""What is wrong with the data that live signals rely on."""

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from ingestion.models.events import EventKind
from tenants.base import KeyedTenantModel, TenantModel

EVERY_SOURCE = UUID(int=0)


class DataAlert(KeyedTenantModel):
    """An incident: begins when it is found, ends by itself when what was missing is there again, and is told once."""

    class Kind(models.TextChoices):
        SOURCE_SILENT = "source_silent", _("source is silent")
        EVENT_STOPPED = "event_stopped", _("event has stopped")
        EVENT_FELL = "event_fell", _("event comes much less often")
        PROPERTY_GONE = "property_gone", _("property is gone")
        TYPE_CHANGED = "type_changed", _("property has another type")

    kind = models.CharField(_("what"), max_length=16, choices=Kind.choices)
    source_id = models.UUIDField(_("source"), default=EVERY_SOURCE)
    event_kind = models.SmallIntegerField(_("call"), choices=EventKind.choices, null=True)
    event_name = models.TextField(_("event"), blank=True)
    property = models.TextField(_("property"), blank=True)
    was = models.CharField(max_length=16, blank=True)
    now = models.CharField(max_length=16, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True)
    expected = models.IntegerField(_("events that were to be expected since"), null=True)
    came = models.IntegerField(_("events that came"), null=True)
    opened_at = models.DateTimeField(_("found"))
    closed_at = models.DateTimeField(_("over"), null=True)
    told_at = models.DateTimeField(_("mailed"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("data alert")
        verbose_name_plural = _("data alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "source_id", "event_kind", "event_name", "property"],
                condition=models.Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="data_alert_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.event_name}"
