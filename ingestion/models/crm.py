"""CRMs that are read for what they know of accounts and persons."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantModel


class CrmConnection(KeyedTenantModel):
    """One kind of records of one CRM, and how far it has been read: records changed since `since`, by their ids, past
    `after_id`. A round ends when there are no more."""

    class Kind(models.TextChoices):
        HUBSPOT = "hubspot", "HubSpot"
        SALESFORCE = "salesforce", "Salesforce"

    class About(models.TextChoices):
        ACCOUNT = "account", _("Companies → accounts")
        PERSON = "person", _("Contacts → persons")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("CRM"), max_length=12, choices=Kind.choices)
    about = models.CharField(_("records"), max_length=8, choices=About.choices)
    url = models.CharField(_("URL"), max_length=300)
    client_id = models.CharField(_("client id"), max_length=300, blank=True)
    secret = models.BinaryField(null=True, editable=False)
    match_field = models.CharField(_("field with the id"), max_length=255, blank=True)
    mapping = models.JSONField(_("traits"), default=list)  # of {"path": …, "trait": …}
    every_minutes = models.PositiveSmallIntegerField(
        _("minutes between rounds"), default=15, validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    is_enabled = models.BooleanField(_("on"), default=False)
    created_at = models.DateTimeField(_("made"))
    edition = models.PositiveIntegerField(
        default=1, help_text="Grows with each change of the settings: what was read before is read again."
    )
    since = models.DateTimeField(null=True, help_text="Records changed since then are read; null: all.")
    after_id = models.CharField(max_length=64, blank=True)
    round_at = models.DateTimeField(null=True, help_text="When the present round began; null between rounds.")
    round_done_at = models.DateTimeField(null=True)
    all_read_at = models.DateTimeField(null=True, help_text="When the last round of all records began.")
    # Of the present round, or the last one.
    records_read = models.PositiveIntegerField(default=0)
    records_told = models.PositiveIntegerField(default=0, help_text="Something new was said of somebody.")
    records_unknown = models.PositiveIntegerField(default=0, help_text="Nobody here has that id.")
    records_bad = models.PositiveIntegerField(default=0)
    bad = models.JSONField(default=list, help_text="[record id, why] of the first bad ones.")
    failures_in_a_row = models.PositiveSmallIntegerField(default=0)
    open_again_at = models.DateTimeField(null=True, help_text="The CRM failed: it is left alone until then.")
    trouble = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("CRM connection")
        verbose_name_plural = _("CRM connections")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="crm_connection_name_once"),
            models.CheckConstraint(
                condition=models.Q(round_at__isnull=False) | models.Q(after_id=""),
                name="crm_connection_place_in_a_round",
            ),
        ]

    def __str__(self) -> str:
        return self.name
