"""How people came: campaigns, referrers, and what traits say of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ingestion.models.subjects import Identity
from ingestion.rules import marketing
from tenants.base import TenantForeignKey, TenantModel


class MarketingTouch(TenantModel):
    """One way in which somebody came, kept at its first moment and by the identity it came with, so that it goes where
    the identity goes. It outlives the events that carried it. Which ones count: ingestion.rules.marketing."""

    class Kind(models.IntegerChoices):
        SEEN = marketing.SEEN, _("campaign")
        REFERRED = marketing.REFERRED, _("referrer")
        TOLD = marketing.TOLD, _("told by a trait or property")

    id = models.BigAutoField(primary_key=True)
    identity = TenantForeignKey(Identity, on_delete=models.CASCADE, related_name="+")
    once = models.UUIDField(help_text="Digest of what it says and, where it was seen, of the hour.")
    kind = models.SmallIntegerField(choices=Kind.choices)
    ts = models.DateTimeField()
    received_at = models.DateTimeField()
    message_id = models.TextField(help_text="Breaks ties of ts the same way in any order of arrival.")
    channel = models.TextField(help_text="One of ingestion.rules.marketing.CHANNELS.")
    source = models.TextField(blank=True)
    medium = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    term = models.TextField(blank=True)
    content = models.TextField(blank=True)
    referrer = models.TextField(blank=True, help_text="Host.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "identity", "once"], name="marketing_touch_once"),
        ]

    def __str__(self) -> str:
        return " / ".join(filter(None, (self.source, self.medium, self.campaign))) or self.channel
