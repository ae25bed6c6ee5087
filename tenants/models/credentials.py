"""Where events come from, and the secrets that let programs in. A secret is shown once; we keep its SHA-256 (256 random
bits need no slow hash) and a prefix a person can recognise it by."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel
from tenants.models.people import User

LONGEST_TOKEN_LIFE = timedelta(days=366)


def clean_origin(value: str) -> str:
    """An origin as a browser says it: scheme and host in lower case, with a port where there is one, and no path.

    Raises ValidationError."""
    origin = value.strip().lower().rstrip("/")
    parts = urlsplit(origin)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or origin != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValidationError(
            _("“%(value)s” is no website's origin. Write it as https://app.acme.com, without a path."),
            params={"value": value},
        )
    return origin


class QuotaPeriod(models.TextChoices):
    DAY = "day", _("a day")
    MONTH = "month", _("a month")


class Source(KeyedTenantModel):
    """One product or server that sends events."""

    class Kind(models.TextChoices):
        SERVER = "server", _("Server")
        BROWSER = "browser", _("Browser")
        MOBILE = "mobile", _("Mobile app")
        IMPORT = "import", _("File import")

    class Environment(models.TextChoices):
        PRODUCTION = "production", _("Production")
        STAGING = "staging", _("Staging")
        DEVELOPMENT = "development", _("Development")

    name = models.CharField(_("name"), max_length=120, help_text=_("For example: Web app, Billing service."))
    kind = models.CharField(
        _("kind"),
        max_length=16,
        choices=Kind.choices,
        default=Kind.SERVER,
        help_text=_(
            "Clocks of browsers and phones are corrected; a server's time stamps are taken as they are."
        ),
    )
    environment = models.CharField(
        _("environment"),
        max_length=16,
        choices=Environment.choices,
        default=Environment.PRODUCTION,
        help_text=_(
            "Only production counts for live definitions, PQLs and reports. All others can be watched."
        ),
    )
    is_enabled = models.BooleanField(
        _("enabled"), default=True, help_text=_("A disabled source answers 401 to its keys.")
    )
    allowed_origins = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("allowed websites"),
        default=list,
        blank=True,
        size=50,
        help_text=_(
            "Where browsers may send from, one a line, like https://app.acme.com. Empty: from anywhere. "
            "What is no browser (a server, a phone) says no website and is always taken."
        ),
    )
    events_per_second = models.PositiveIntegerField(
        _("events a second, at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Counted in each web process, for each key, with ten seconds' worth at once. Above it senders get 429 and "
            "send again later; browsers with posthog-js or Jitsu lose those events. Empty: no limit."
        ),
    )
    quota_events = models.PositiveBigIntegerField(
        _("quota of events"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("From 80 % on the home page and the source's page say so. Empty: no quota."),
    )
    quota_period = models.CharField(
        _("quota for"), max_length=8, choices=QuotaPeriod.choices, default=QuotaPeriod.MONTH
    )
    refuses_over_quota = models.BooleanField(
        _("refuse what is above the quota"),
        default=False,
        help_text=_(
            "Senders get 429 until the next day or month begins. They keep their events a while and try again; what "
            "they give up is lost. Off: everything is taken, and you are warned."
        ),
    )
    drops_unlisted = models.BooleanField(
        _("store only what is listed"),
        default=False,
        help_text=_("Properties and traits that are not listed below are dropped as they come in, unseen."),
    )
    allowed_fields = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("allowed properties and traits"),
        default=list,
        blank=True,
        size=1000,
        help_text=_("One a line, as your product names them. Other spellings of common traits count too."),
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="source_name_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["server", "browser", "mobile", "import"]),
                name="source_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(quota_period__in=["day", "month"]), name="source_quota_period_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def all_key_scopes() -> list[str]:
    """What a key may do unless it is said."""
    return list(WriteKey.Scope.values)


class EnvironmentChange(TenantModel):
    """A source moved into production or out of it: what counts is being marked again, up to the row (done_version,
    done_event) of the last committed slice."""

    id = models.BigAutoField(primary_key=True)
    source = TenantForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    done_version = models.BigIntegerField(default=0)
    done_event = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True, help_text="Counted by the first slice.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(finished_at__isnull=True),
                name="environment_change_one_open",
            )
        ]

    @property
    def share(self) -> float:
        """How far it has come, from 0 to 1."""
        return min(1.0, self.rows_done / self.rows_total) if self.rows_total else 0.0


class WriteKey(KeyedTenantModel):
    """Lets a product send events to one source. Two may be live at once, so that a key is changed without a gap."""

    class Scope(models.TextChoices):
        EVENTS = "events:write", _("Send what people do (track, page, screen)")
        PROFILES = "profiles:write", _("Say who people and accounts are (identify, group, alias)")
        SETTINGS = "settings:read", _("Read the settings that browser and mobile SDKs load before they send")

    source = TenantForeignKey(
        Source, on_delete=models.CASCADE, related_name="write_keys", verbose_name=_("source")
    )
    slot = models.SmallIntegerField(
        editable=False,
        null=True,
        help_text=_("1 or 2 while live, empty once revoked: two live keys at the most."),
    )
    prefix = models.CharField(_("starts with"), max_length=24, editable=False)
    secret_hash = models.BinaryField(editable=False)
    scopes = ArrayField(
        models.CharField(max_length=32, choices=Scope.choices), verbose_name=_("may"), default=all_key_scopes
    )
    created_at = models.DateTimeField(_("created"), editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("write key")
        verbose_name_plural = _("write keys")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "secret_hash"], name="write_key_hash_once"),
            models.UniqueConstraint(fields=["tenant", "source", "slot"], name="write_key_two_live"),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True, slot__in=[1, 2])
                | models.Q(revoked_at__isnull=False, slot__isnull=True),
                name="write_key_slot_iff_live",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"

    def is_live(self, now: datetime) -> bool:
        """Whether it lets events in at `now`, if its source is enabled."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class ApiToken(KeyedTenantModel):
    """Lets a person's script or a service call the REST API with some scopes, for one business unit and below."""

    class Scope(models.TextChoices):
        READ_LEADS = "leads:read", _("Read leads and scores")
        WRITE_LEADS = "leads:write", _("Change leads")
        READ_DEFINITIONS = "definitions:read", _("Read definitions")
        WRITE_DEFINITIONS = "definitions:write", _("Change definitions")
        READ_REPORTS = "reports:read", _("Read reports")
        READ_ACCOUNTS = "accounts:read", _("Read accounts and their plans")
        WRITE_ACCOUNTS = "accounts:write", _("Say which plan an account is on")
        WRITE_TRAITS = "traits:write", _("Tell traits of persons and accounts")

    name = models.CharField(_("name"), max_length=120)
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        editable=False,
        help_text=_("The person it acts for; empty for a service."),
    )
    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.CASCADE, related_name="+", verbose_name=_("business unit")
    )
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices), verbose_name=_("scopes"))
    prefix = models.CharField(_("starts with"), max_length=24, editable=False)
    secret_hash = models.BinaryField(editable=False)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "secret_hash"], name="api_token_hash_once"),
            models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("created_at") + LONGEST_TOKEN_LIFE),
                name="api_token_lives_a_year_at_most",
            ),
        ]

    def __str__(self) -> str:
        return self.name
