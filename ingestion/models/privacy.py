"""Requests about persons and accounts: what was exported, what was erased, and who must not come back."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class SubjectKind(models.IntegerChoices):
    """As Touched.Kind."""

    PERSON = 1, _("Person")
    ACCOUNT = 2, _("Account")


class Erasure(KeyedTenantModel):
    """A person or an account is erased everywhere. When done, this row is the proof: numbers, moments and hashes, and
    nothing of whom it was about."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    class Reason(models.TextChoices):
        REQUEST = "request", _("They asked for it")
        CONSENT = "consent", _("They took back their consent")
        CONTRACT = "contract", _("The contract ended")
        TIME = "time", _("Kept long enough")
        OTHER = "other", _("Other")

    subject_kind = models.SmallIntegerField(_("kind"), choices=SubjectKind.choices)
    subject_id = models.BigIntegerField(help_text="Its key; leads to nobody once it is done.")
    with_companions = models.BooleanField(default=False, help_text="See the form.")
    reason = models.CharField(_("why"), max_length=16, choices=Reason.choices)
    reference = models.CharField(
        _("reference"),
        max_length=80,
        blank=True,
        help_text=_("For example the number of a ticket. It stays in the proof: no name, no address."),
    )
    asked_by_id = models.UUIDField(null=True)
    asked_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ASKED)
    scope = models.JSONField(default=dict, help_text="Keys of whom is erased, while it runs.")
    sealed_names = models.BinaryField(
        null=True, help_text="Ids and addresses to look for, encrypted, while it runs."
    )
    place = models.JSONField(default=dict, help_text="How far it has come.")
    inbox_through = models.BigIntegerField(
        default=0, help_text="Requests up to this one came before it; they are read first."
    )
    runs = models.IntegerField(default=0, help_text="More than 1: run again, after a restore.")
    erased = models.JSONField(default=dict, help_text="Table to rows deleted.")
    cleaned = models.JSONField(default=dict, help_text="Table to rows of others that named them.")
    kept = models.JSONField(default=dict, help_text="Table to rows left, which hold numbers only.")
    sent_out = models.JSONField(
        default=list, help_text="[{destination, deliveries, leads, last}] that had left before."
    )
    started_at = models.DateTimeField(_("started"), null=True)
    done_at = models.DateTimeField(_("done"), null=True)
    proof_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what the proof says.")
    dropped = models.BigIntegerField(
        _("kept out since"), default=0, help_text="Events that came later and were dropped."
    )
    last_dropped_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True, help_text="Since then they may come back.")

    class Meta(TenantModel.Meta):
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "subject_kind", "subject_id"],
                condition=~Q(state="done") & Q(subject_id__gt=0),
                name="erasure_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False, sealed_names__isnull=True)
                | (~Q(state="done") & Q(done_at__isnull=True)),
                name="erasure_forgets_names_when_done",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-asked_at"], name="erasure_newest")]

    def __str__(self) -> str:
        return str(self.pk)

    def is_late(self, now: datetime) -> bool:
        return self.state != self.State.DONE and now > self.due_at


class Suppression(TenantModel):
    """An id or an address that must not come back: its keyed hash. Gone when the erasure is lifted."""

    id = models.BigAutoField(primary_key=True)
    mark = models.BinaryField(help_text="HMAC-SHA256 of kind and value, with the server's key.")
    key_id = models.CharField(max_length=8, help_text="Which of ENCRYPTION_KEYS.")
    erasure = TenantForeignKey(Erasure, on_delete=models.CASCADE, related_name="suppressions")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "mark"], name="suppression_once")]
        indexes = [models.Index(fields=["tenant", "erasure"], name="suppression_of_erasure")]


class ContactRule(KeyedTenantModel):
    """A trait at this value means that its person, or the persons of its account, are not contacted."""

    trait = models.CharField(_("trait"), max_length=200)
    value = models.CharField(_("value"), max_length=200, help_text="Lowercase text.")
    created_at = models.DateTimeField(_("created"))

    class Meta(TenantModel.Meta):
        verbose_name = _("do-not-contact rule")
        verbose_name_plural = _("do not contact")
        constraints = [models.UniqueConstraint(fields=["tenant", "trait", "value"], name="contact_rule_once")]

    def __str__(self) -> str:
        return f"{self.trait} = {self.value}"


class PersonalField(KeyedTenantModel):
    """Somebody's word on whether traits and properties of a name are personal, where it is not what the name says."""

    name = models.CharField(_("field"), max_length=200, help_text="Lowercase.")
    is_personal = models.BooleanField(_("personal"))
    decided_at = models.DateTimeField(_("decided"))

    class Meta(TenantModel.Meta):
        verbose_name = _("personal field")
        verbose_name_plural = _("personal data")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="personal_field_once")]

    def __str__(self) -> str:
        return self.name


class PersonalExport(KeyedTenantModel):
    """Everything held about one person or account, written to a file that can be fetched until it expires."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        READY = "ready", _("Ready")
        GONE = "gone", _("Deleted")

    subject_kind = models.SmallIntegerField(_("kind"), choices=SubjectKind.choices)
    subject_id = models.BigIntegerField()
    with_companions = models.BooleanField(default=False)
    asked_by_id = models.UUIDField(null=True)
    asked_at = models.DateTimeField(_("asked"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    place = models.JSONField(default=dict, help_text="Table, key and bytes written so far.")
    rows = models.JSONField(default=dict, help_text="Table to rows written.")
    size = models.BigIntegerField(null=True)
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("personal export")
        verbose_name_plural = _("personal exports")
        indexes = [models.Index(fields=["tenant", "-asked_at"], name="personal_export_newest")]

    def __str__(self) -> str:
        return str(self.pk)
