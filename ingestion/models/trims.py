"""How much was received when, and what is no longer kept."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantModel


class EventMonth(TenantModel):
    """Events stored from a source in a month of their receipt (UTC). Counted by the fold, so that no page and no
    preview counts events. Goes with the month."""

    id = models.BigAutoField(primary_key=True)
    source_id = models.UUIDField()
    month = models.DateField(help_text="Its first day.")
    events = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "month", "source_id"], name="event_month_once"),
        ]


class Trim(KeyedTenantModel):
    """One going of old history: raw events and quarantine received before a day, activity of days before another.
    Done in slices; each column named done_ says where the last committed slice ended."""

    events_before = models.DateField(null=True, help_text="None: no event goes.")
    activity_before = models.DateField(null=True, help_text="None: no activity goes.")
    started_at = models.DateTimeField(_("started"))
    paused_at = models.DateTimeField(_("paused"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    events_total = models.BigIntegerField(default=0)
    events_gone = models.BigIntegerField(_("events"), default=0)
    quarantine_gone = models.BigIntegerField(_("quarantined"), default=0)
    activity_total = models.BigIntegerField(
        null=True, help_text="Rows to look at, counted when it is its turn."
    )
    activity_seen = models.BigIntegerField(default=0)
    activity_gone = models.BigIntegerField(_("activity"), default=0)
    done_event = models.BigIntegerField(default=0)
    done_version = models.BigIntegerField(default=0, help_text="With done_version_event: in activity.")
    done_version_event = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("removal of old history")
        verbose_name_plural = _("storage")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(finished_at__isnull=True), name="trim_one_open"
            )
        ]

    def __str__(self) -> str:
        return str(self.events_before or self.activity_before)

    @property
    def percent(self) -> int:
        """How far it has come."""
        total = self.events_total + (self.activity_total or 0)
        done = self.events_gone + self.activity_seen
        return min(99, 100 * done // total) if total else 0

    @property
    def has_removed(self) -> bool:
        return bool(self.events_gone or self.quarantine_gone or self.activity_gone)

    def aim(self, *, events_before: date | None, activity_before: date | None) -> None:
        """Start at the beginning, towards these days."""
        self.events_before, self.activity_before = events_before, activity_before
        self.done_event = self.done_version = self.done_version_event = 0
        self.activity_seen, self.activity_total = 0, None
