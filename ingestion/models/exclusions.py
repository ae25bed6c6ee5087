"""Who does not count: the tenant's own people, test accounts, office networks."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ingestion.models.subjects import shown_text
from tenants.base import KeyedTenantModel, TenantModel


class ExclusionRule(KeyedTenantModel):
    """Marks persons, accounts or single events as internal. Checked and stored by ingestion.operations.exclusions."""

    class Kind(models.TextChoices):
        EMAIL_DOMAIN = "email_domain", _("E-mail domain")
        USER_ID = "user_id", _("User id")
        ACCOUNT_KEY = "account_key", _("Account (group id)")
        PERSON_TRAIT = "person_trait", _("Trait of a person")
        ACCOUNT_TRAIT = "account_trait", _("Trait of an account")
        NETWORK = "network", _("IP address or range")
        USER_AGENT = "user_agent", _("User agent")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    value = models.TextField(_("value"), help_text=_("For example acme.com, 10042 or 203.0.113.0/24."))
    note = models.CharField(_("why"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("exclusion")
        verbose_name_plural = _("exclusions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "value"], name="exclusion_rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {shown_text(self.value)}"

    @property
    def is_about_events(self) -> bool:
        """Marks single events as they come in, and not persons or accounts."""
        return self.kind in (self.Kind.NETWORK, self.Kind.USER_AGENT)


class ExclusionSweep(TenantModel):
    """A rule that names many was added or deleted: they are being marked again, up to the key `done_id` of the last
    committed slice. Gone when it is done."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16, choices=ExclusionRule.Kind.choices)
    value = models.TextField()
    requested_at = models.DateTimeField()
    done_id = models.BigIntegerField(default=0, help_text="Person or account.")
    subjects_done = models.BigIntegerField(default=0)
    subjects_total = models.BigIntegerField(null=True, help_text="Counted by the first slice.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "value"], name="exclusion_sweep_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {shown_text(self.value)}"

    @property
    def share(self) -> float:
        """How far it has come, from 0 to 1."""
        return min(1.0, self.subjects_done / self.subjects_total) if self.subjects_total else 0.0
