"""Files read into the event stream."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class ImportRun(KeyedTenantModel):
    """One file, its column mapping and how far it got. The same file and mapping again goes on, or adds nothing."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    source = TenantForeignKey(
        "tenants.Source", on_delete=models.CASCADE, related_name="+", verbose_name=_("source")
    )
    file_name = models.TextField(_("file"))
    file_hash = models.CharField(max_length=64)
    mapping = models.JSONField(_("column mapping"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    rows_total = models.BigIntegerField(_("rows"), null=True)
    rows_read = models.BigIntegerField(_("rows read"), default=0)
    rows_rejected = models.BigIntegerField(_("rows rejected"), default=0)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    error = models.TextField(_("error"), blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "file_hash", "mapping"], name="import_once_per_file"
            )
        ]

    def __str__(self) -> str:
        return self.file_name
