"""Files read into the event stream."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class ImportRun(KeyedTenantModel):
    """One file, its column mapping and how far it got. The same file and mapping again goes on, or adds nothing."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    source = TenantForeignKey(
        "tenants.Source", on_delete=models.CASCADE, related_name="+", verbose_name=_("source")
    )
    file_name = models.TextField(_("file"))
    file_hash = models.CharField(max_length=64)
    mapping = models.JSONField(_("column mapping"))
    is_historical = models.BooleanField(
        _("historical"), default=True, help_text="What it brings opens no lead by itself."
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    rows_total = models.BigIntegerField(_("rows"), null=True)
    rows_read = models.BigIntegerField(_("rows read"), default=0)
    rows_rejected = models.BigIntegerField(_("rows rejected"), default=0)
    events_added = models.BigIntegerField(_("added"), default=0)
    events_known = models.BigIntegerField(_("known before"), default=0)
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


class ImportFile(KeyedTenantModel):
    """A file that was uploaded in the console: where it is kept, what it looks like, how it is mapped, and what the dry
    run found. `run` is the import it has become."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("waits for its mapping")
        CHECKING = "checking", _("is being checked")
        CHECKED = "checked", _("is checked and waits for its import")
        FAILED = "failed", _("cannot be read")

    file_name = models.TextField(_("file"))
    stored_as = models.CharField(max_length=64, help_text="A random name in the tenant's folder.")
    file_hash = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="Bytes, as uploaded.")
    shape = models.JSONField(help_text="Format, delimiter, encoding, columns and first rows.")
    source = TenantForeignKey("tenants.Source", on_delete=models.CASCADE, related_name="+", null=True)
    mapping = models.JSONField(null=True)
    is_historical = models.BooleanField(default=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.UPLOADED)
    rows_checked = models.BigIntegerField(default=0)
    findings = models.JSONField(default=dict, help_text="What the dry run found so far.")
    error = models.TextField(blank=True)
    run = TenantForeignKey(ImportRun, on_delete=models.CASCADE, related_name="files", null=True)
    uploaded_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="When the file is deleted, if it is still there.")

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["tenant", "run", "-uploaded_at"], name="import_file_of_run"),
        ]

    def __str__(self) -> str:
        return self.file_name
