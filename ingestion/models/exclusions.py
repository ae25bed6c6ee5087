"""Who does not count: the tenant's own people, test accounts, office networks."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantModel


class ExclusionRule(KeyedTenantModel):
    """Marks persons, accounts or single events as internal. Checked and stored by ingestion.operations.exclusions."""

    class Kind(models.TextChoices):
        EMAIL_DOMAIN = "email_domain", _("E-mail domain")
        USER_ID = "user_id", _("User id")
        ACCOUNT_KEY = "account_key", _("Account (group id)")
        NETWORK = "network", _("IP address or range")

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
        return f"{self.get_kind_display()}: {self.value}"
