"""A company, and the tree of business units in it."""

import zoneinfo
from datetime import UTC, date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Use a name such as Europe/Berlin or UTC."),
            params={"value": value},
        )


class Tenant(models.Model):
    """One company. A global table: it is read before a tenant is known, and holds nothing of the tenant's data."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        FILLING = "filling", _("Being filled with sample data")
        SUSPENDED = "suspended", _("Suspended")
        DELETING = "deleting", _("Being deleted")

    slug = models.SlugField(
        _("short name"), max_length=63, unique=True, help_text=_("Used in links: letters, digits, dashes.")
    )
    name = models.CharField(_("name"), max_length=200)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("“Last 7 days” is counted in calendar days of this zone."),
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="EUR", help_text=_("ISO code used in reports, for example EUR.")
    )
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.ACTIVE)
    created_at = models.DateTimeField(_("created"))
    shortens_addresses = models.BooleanField(
        _("shorten IP addresses"),
        default=False,
        help_text=_(
            "The end of each address (the last 8 bits of IPv4, 80 of IPv6) is cut off as an event comes in, before "
            "anything is stored. Internal networks of clean data are then told by the part that is left."
        ),
    )
    accounts_from_email = models.BooleanField(
        _("accounts by e-mail domain"),
        default=False,
        help_text="Who is in no account belongs to the one of their e-mail's domain.",
    )
    # How long history is kept; ingestion.operations.trims makes it so. Here and not behind the wall, because a month of
    # all tenants' events goes at once, when it has passed for each of them.
    event_months = models.PositiveSmallIntegerField(
        _("months of raw events"),
        null=True,
        blank=True,
        help_text="None: as long as the platform keeps them.",
    )
    activity_months = models.PositiveSmallIntegerField(
        _("months of activity"), null=True, blank=True, help_text="None: for ever."
    )
    events_kept_since = models.DateField(
        null=True, editable=False, help_text="Events received before it are gone or going."
    )
    activity_kept_since = models.DateField(
        null=True, editable=False, help_text="Activity of days before it is gone or going."
    )

    sample_of = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="Whose sample data this tenant holds: nothing in it is real, and nothing leaves it.",
    )
    filled_until = models.DateTimeField(
        null=True, editable=False, help_text="How far the history of sample data goes by now."
    )

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="tenant_currency_is_iso"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "filling", "suspended", "deleting"]),
                name="tenant_status_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="filling") | models.Q(sample_of__isnull=False),
                name="tenant_filled_is_a_sample",
            ),
            models.CheckConstraint(
                condition=models.Q(event_months__gte=1) | models.Q(event_months=None),
                name="tenant_keeps_events_a_month",
            ),
            models.CheckConstraint(
                condition=models.Q(activity_months__gte=1) | models.Q(activity_months=None),
                name="tenant_keeps_activity_a_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def is_sample(self) -> bool:
        return self.sample_of_id is not None

    @property
    def events_missing_before(self) -> date | None:
        """Raw events received before this day (UTC) are gone or going; None when there never were any."""
        since = self.events_kept_since
        return since if since is not None and since > self.created_at.astimezone(UTC).date() else None


class ZoneChange(TenantModel):
    """The tenant's time zone was changed: the local day of everything that happened is being cut anew, up to the row
    (done_version, done_event) of the last committed slice."""

    id = models.BigAutoField(primary_key=True)
    time_zone = models.CharField(max_length=64)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    done_version = models.BigIntegerField(default=0)
    done_event = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True, help_text="Counted by the first slice.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(finished_at__isnull=True), name="zone_change_one_open"
            )
        ]

    def __str__(self) -> str:
        return self.time_zone

    @property
    def percent(self) -> int:
        """How far it has come."""
        return min(100, 100 * self.rows_done // self.rows_total) if self.rows_total else 0


class BusinessUnit(KeyedTenantModel):
    """A node in the tenant's tree. The root is corporate: it sets standards; every other unit owns its definitions."""

    name = models.CharField(_("name"), max_length=120)
    parent = TenantForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
    )
    path = models.TextField(
        editable=False, help_text=_("Keys from the root to this unit; a subtree is a prefix.")
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("business unit")
        verbose_name_plural = _("business units")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="business_unit_name_once"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(parent__isnull=True), name="business_unit_one_root"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_corporate(self) -> bool:
        return self.parent_id is None

    @property
    def lineage(self) -> list[str]:
        """Keys of the units from the root down to this one."""
        return self.path.strip("/").split("/")

    @property
    def depth(self) -> int:
        """0 for corporate, 1 for the units directly below it, and so on."""
        return self.path.count("/") - 2

    def covers(self, other: "BusinessUnit") -> bool:
        """True when `other` is this unit or lies below it."""
        return other.path.startswith(self.path)
