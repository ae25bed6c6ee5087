"""What platform operators see of the machinery. No tenant's data."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobStatus(models.Model):
    """How a background job is doing: one row for each tick and each stage of the pulse."""

    name = models.CharField(_("job"), max_length=64, unique=True)
    last_started_at = models.DateTimeField(_("last started"), null=True)
    last_finished_at = models.DateTimeField(_("last finished"), null=True)
    runs = models.BigIntegerField(_("runs"), default=0)
    failures = models.BigIntegerField(_("failures"), default=0)
    last_failed_at = models.DateTimeField(_("last failed"), null=True)
    last_error = models.CharField(
        _("last error"), max_length=200, blank=True, help_text="Kind of error and tenant id; never its data."
    )

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return self.name
