"""The named kinds of events that signals count."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ingestion.models.events import EventKind
from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class EventName(TenantModel):
    """The catalogue: every event name ever received, kept by the fold, so that forms can offer real names."""

    id = models.BigAutoField(primary_key=True)
    source_id = models.UUIDField(_("source"))
    kind = models.SmallIntegerField(_("kind"), choices=EventKind.choices)
    name = models.TextField(_("event"))
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    received = models.BigIntegerField(_("received"), default=0)
    properties = models.JSONField(
        _("properties"),
        default=dict,
        help_text="Property name to {type: count, first, last, examples}; at most 200 names, nothing personal.",
    )
    days = models.JSONField(
        default=dict,
        help_text="Date to events of that day; the newest 60. In the zone the tenant had when they were folded.",
    )
    libraries = models.JSONField(
        default=dict, help_text="SDK and version to [events, last day]; the 20 seen last."
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("event name")
        verbose_name_plural = _("catalogue")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source_id", "kind", "name"], name="event_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class EventRename(TenantModel):
    """An event name whose events count as those of another name: the product renamed it, or two teams named one thing.
    Stored events keep the name they came with; what counts the other name counts them too, of all of history."""

    id = models.BigAutoField(primary_key=True)
    event_kind = models.SmallIntegerField(_("kind"), choices=EventKind.choices)
    from_name = models.TextField(_("event"))
    to_name = models.TextField(_("counts as"))
    created_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(
        _("taken back"), null=True, help_text="What it counted is being taken away; the row goes after that."
    )
    done_through = models.BigIntegerField(
        default=0, help_text="Event id up to which history was matched, or what it counted taken away."
    )
    done_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("mapped event name")
        verbose_name_plural = _("mapped event names")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "event_kind", "from_name"], name="event_rename_once"),
            models.CheckConstraint(condition=~Q(from_name=F("to_name")), name="event_rename_to_another"),
            models.CheckConstraint(
                condition=~Q(from_name="") & ~Q(to_name=""), name="event_rename_of_named_events"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_name} → {self.to_name}"


class Action(KeyedTenantModel):
    """A named kind of event. What it matches lives in its versions; scoring definitions pin one."""

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owned by"),
        help_text=_("Corporate actions can be used by every unit."),
    )
    name = models.CharField(_("name"), max_length=120, help_text=_("As people say it: “Invited a teammate”."))
    description = models.TextField(_("description"), blank=True)
    created_at = models.DateTimeField(_("created"), editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="action_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class ActionVersion(TenantModel):
    """What an action matches: kind and name of the event, and filters on its properties. Immutable; editing the action
    makes the next version, whose activity is back-filled from the stored events."""

    id = models.BigAutoField(primary_key=True)
    action = TenantForeignKey(Action, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField(_("version"))
    event_kind = models.SmallIntegerField(_("kind"), choices=EventKind.choices, default=EventKind.TRACK)
    event_name = models.TextField(_("event"), help_text=_("Exactly as the product sends it."))
    filters = models.JSONField(
        _("filters"),
        default=list,
        help_text='[{"property": "plan", "op": "eq", "value": "pro"}], all must hold.',
    )
    number_property = models.TextField(
        _("number to sum"), blank=True, help_text=_("Optional: the property that sums and maxima use.")
    )
    created_at = models.DateTimeField(_("created"))
    backfilled_through = models.BigIntegerField(
        null=True, help_text="Event id up to which history has been matched; null until the back-fill began."
    )
    backfill_done_at = models.DateTimeField(null=True)
    counts_from = models.DateField(
        null=True,
        help_text="Events received before it were gone when history was matched; null: all were there.",
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("action version")
        verbose_name_plural = _("action versions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "action", "number"], name="action_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.event_name} v{self.number}"
