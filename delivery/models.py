"""What we push out: an outbox written in the transaction that decided, and every attempt made of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class Destination(KeyedTenantModel):
    """Where we push. The secret is stored encrypted and never shown again."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", _("Webhook")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        BROKEN = "broken", _("Stopped after failures")

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.PROTECT, related_name="+", verbose_name=_("owned by")
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.WEBHOOK)
    url = models.URLField(
        _("URL"), max_length=2000, help_text=_("https only; private addresses are refused.")
    )
    secret = models.BinaryField(
        editable=False, help_text="Signing secret, encrypted; bound to tenant and row."
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    failures_in_a_row = models.IntegerField(_("failures in a row"), default=0, editable=False)
    open_again_at = models.DateTimeField(
        null=True, editable=False, help_text="Breaker: nothing is sent before this."
    )
    stopped_because = models.CharField(_("stopped because"), max_length=200, blank=True, editable=False)
    trouble_since = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Begin of the incident people are told about once; null: there is none.",
    )
    trouble_last_at = models.DateTimeField(null=True, editable=False)
    trouble_reason = models.CharField(_("last trouble"), max_length=300, blank=True, editable=False)
    told_at = models.DateTimeField(
        null=True, editable=False, help_text="When the mail about this incident left."
    )
    receives_all_leads = models.BooleanField(
        _("every lead"),
        default=True,
        help_text=_(
            "Told about every lead of its unit and those below. Off: only by routing rules that name it."
        ),
    )
    previous_secret = models.BinaryField(null=True, editable=False)
    previous_secret_until = models.DateTimeField(
        null=True, editable=False, help_text="Until then both secrets sign, so that a change needs no gap."
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("destination")
        verbose_name_plural = _("destinations")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="destination_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(KeyedTenantModel):
    """One push. The effect key makes it happen once however often the decision is retried."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        DONE = "done", _("Delivered")
        DEAD = "dead", _("Gave up")
        WITHHELD = "withheld", _("Not sent")

    owned_through = "destination"

    destination = TenantForeignKey(
        Destination, on_delete=models.PROTECT, related_name="deliveries", verbose_name=_("destination")
    )
    effect_key = models.CharField(max_length=200)
    event_type = models.CharField(_("type"), max_length=64)
    subject_ref = models.CharField(max_length=64, help_text="Key of the lead it is about.")
    payload = models.JSONField(_("payload"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(
        _("next attempt"), help_text="While one is under way: when its lease ends and it counts as lost."
    )
    lease_token = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    done_at = models.DateTimeField(_("delivered"), null=True)
    withheld_because = models.CharField(
        _("not sent because"),
        max_length=300,
        blank=True,
        help_text="Why it was taken out of the outbox unsent.",
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "destination", "effect_key"], name="delivery_effect_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "destination", "next_at"],
                condition=Q(state__in=["waiting", "sending"]),
                name="delivery_due_by_target",
            ),
            models.Index(fields=["tenant", "destination", "-created_at"], name="delivery_newest"),
            models.Index(fields=["tenant", "subject_ref"], name="delivery_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.pk}"


class DeliveryAttempt(TenantModel):
    """One try, with what came back (cut at 4 KB)."""

    owned_through = "delivery__destination"

    id = models.BigAutoField(primary_key=True)
    delivery = TenantForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(_("when"))
    duration_ms = models.IntegerField(_("took (ms)"))
    status = models.IntegerField(_("status"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    response = models.TextField(_("answer"), blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = [models.Index(fields=["tenant", "delivery"], name="attempt_by_delivery")]
