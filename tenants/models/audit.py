"""Who did what. The app role may add and read these rows and nothing else; each row's hash covers the one before it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import TenantModel


class AuditEvent(TenantModel):
    """One change in a tenant. Ids and field names only, and no foreign keys: a log never blocks a delete."""

    id = models.BigAutoField(primary_key=True)
    sequence = models.BigIntegerField(_("number"))
    at = models.DateTimeField(_("when"))
    actor_id = models.UUIDField(_("by (user)"), null=True)
    actor_label = models.CharField(
        _("by"), max_length=64, help_text=_("user, api token, system or platform operator")
    )
    verb = models.CharField(_("what"), max_length=64)
    target_type = models.CharField(_("kind"), max_length=64)
    target_id = models.CharField(_("key"), max_length=64)
    fields = models.JSONField(_("fields"), default=list)
    business_unit_id = models.UUIDField(
        _("business unit"),
        null=True,
        help_text=_("Whose owners may read this; empty: corporate admins only."),
    )
    request_id = models.CharField(max_length=64, blank=True)
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta(TenantModel.Meta):
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        constraints = [models.UniqueConstraint(fields=["tenant", "sequence"], name="audit_sequence_once")]
        indexes = [models.Index(fields=["tenant", "target_type", "target_id"], name="audit_by_target")]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_type}"


class PlatformEvent(models.Model):
    """What a platform operator did: tenants created, suspended, exported, deleted; jobs run by hand."""

    at = models.DateTimeField(_("when"))
    actor_id = models.UUIDField(_("by (user)"), null=True)
    verb = models.CharField(_("what"), max_length=64)
    target = models.CharField(_("target"), max_length=200)
    detail = models.JSONField(_("detail"), default=dict)

    class Meta:
        verbose_name = _("platform event")
        verbose_name_plural = _("platform events")

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"
