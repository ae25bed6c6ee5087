"""Sets of domains or ids that a business unit keeps: target accounts, competitors, blocked domains."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class List(KeyedTenantModel):
    """What somebody uploaded. Its rows carry the edition that brought and the one that took them, so that what the list
    said in an earlier edition can still be read."""

    class Kind(models.TextChoices):
        DOMAIN = "domain", _("Domains")
        USER_ID = "user_id", _("User ids")
        ACCOUNT_KEY = "account_key", _("Account ids (group ids)")

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owned by"),
        help_text=_("Units below it can read the list too."),
    )
    name = models.CharField(_("name"), max_length=120, help_text=_("For example: Target accounts 2027."))
    kind = models.CharField(
        _("holds"),
        max_length=16,
        choices=Kind.choices,
        default=Kind.DOMAIN,
        help_text=_(
            "Cannot be changed later. A domain covers its subdomains: acme.com holds for mail.acme.com too."
        ),
    )
    description = models.TextField(
        _("description"), blank=True, help_text=_("What it is for, and where it comes from.")
    )
    edition = models.IntegerField(default=0, editable=False, help_text="The number of the last ListEdition.")
    size = models.IntegerField(_("rows"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    changed_at = models.DateTimeField(_("changed"), editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("list")
        verbose_name_plural = _("lists")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="list_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class ListRow(TenantModel):
    """A value in a list, from edition `since` until before edition `until`; null: still. Another note or date makes
    another row. It holds through the day `expires_on` of the tenant's zone."""

    id = models.BigAutoField(primary_key=True)
    list = TenantForeignKey(List, on_delete=models.CASCADE, related_name="rows")
    # Lowercase domain or exact id. Bytewise, so that the beginning of a value finds it by the index.
    value = models.TextField(_("value"), db_collation="C")
    note = models.CharField(_("note"), max_length=200, blank=True)
    expires_on = models.DateField(_("expires on"), null=True)
    since = models.IntegerField()
    until = models.IntegerField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("row of a list")
        verbose_name_plural = _("rows of lists")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "list", "value"], condition=Q(until__isnull=True), name="list_row_once"
            ),
            models.UniqueConstraint(fields=["tenant", "list", "value", "since"], name="list_row_since"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="list_row_editions"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "list", "expires_on"],
                condition=Q(until__isnull=True, expires_on__isnull=False),
                name="list_row_expiry",
            )
        ]

    def __str__(self) -> str:
        return self.value


class ListEdition(TenantModel):
    """Who changed the rows of a list, when, and how many."""

    id = models.BigAutoField(primary_key=True)
    list = TenantForeignKey(List, on_delete=models.CASCADE, related_name="editions")
    number = models.IntegerField(_("edition"))
    at = models.DateTimeField(_("at"))
    by_id = models.UUIDField(null=True)
    added = models.IntegerField(_("added"), default=0)
    changed = models.IntegerField(_("changed"), default=0)
    removed = models.IntegerField(_("removed"), default=0)
    size = models.IntegerField(_("rows after it"))

    class Meta(TenantModel.Meta):
        verbose_name = _("edition of a list")
        verbose_name_plural = _("editions of lists")
        constraints = [models.UniqueConstraint(fields=["tenant", "list", "number"], name="list_edition_once")]

    def __str__(self) -> str:
        return str(self.number)
