"""Whose word about a trait goes first, and vendors that are asked for traits of accounts."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ingestion.models.subjects import Account, TraitValue
from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


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


class Enrichment(KeyedTenantModel):
    """A vendor that is asked over HTTP what it knows of the company of a domain."""

    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(_("URL"), max_length=500)
    header_name = models.CharField(_("header with the key"), max_length=100, blank=True)
    secret = models.BinaryField(null=True, editable=False)
    mapping = models.JSONField(_("traits"), default=list)  # of {"path": …, "trait": …}
    keep_days = models.PositiveSmallIntegerField(
        _("days an answer is kept"), default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    calls_per_day = models.PositiveIntegerField(
        _("calls a day"), default=500, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    is_enabled = models.BooleanField(_("on"), default=False)
    created_at = models.DateTimeField(_("made"))
    calls_day = models.DateField(null=True, help_text="Of the tenant's zone: what calls_today counts.")
    calls_today = models.PositiveIntegerField(default=0)
    failures_in_a_row = models.PositiveSmallIntegerField(default=0)
    open_again_at = models.DateTimeField(
        null=True, help_text="The vendor failed: it is left alone until then."
    )
    trouble = models.CharField(max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("enrichment")
        verbose_name_plural = _("enrichments")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="enrichment_name_once")]

    def __str__(self) -> str:
        return self.name


class EnrichedAccount(TenantModel):
    """What came of asking about an account, kept so that nobody asks (and pays) again before it is old."""

    class Status(models.TextChoices):
        ASKING = "asking", _("being asked")
        WAITING = "waiting", _("waits to be asked again")
        FOUND = "found", _("found")
        UNKNOWN = "unknown", _("not found")
        FAILED = "failed", _("error")
        NO_DOMAIN = "no_domain", _("no company domain")

    id = models.BigAutoField(primary_key=True)
    enrichment = TenantForeignKey(Enrichment, on_delete=models.CASCADE, related_name="+")
    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    said = models.TextField(help_text="The traits that name the domain: when they change it is asked anew.")
    domain = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status.choices)
    words = models.CharField(max_length=200, blank=True)
    traits = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("enriched account")
        verbose_name_plural = _("enriched accounts")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "account", "enrichment"], name="enriched_account_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "enrichment", "domain"], name="enriched_by_domain"),
            models.Index(fields=["tenant", "enrichment", "-asked_at"], name="enriched_recent"),
        ]
