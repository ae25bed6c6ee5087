"""How much a source sends, day by day: what its quota is held against."""

from django.db import models

from tenants.base import TenantForeignKey, TenantModel
from tenants.models.credentials import Source


class SourceUsage(TenantModel):
    """Events of a source over HTTP, by the day they were received on in the company's time zone. Counted when they are
    folded, duplicates and what went to quarantine included; files of history are not."""

    id = models.BigAutoField(primary_key=True)
    source = TenantForeignKey(Source, on_delete=models.CASCADE, related_name="usage")
    day = models.DateField()
    events = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "day"], name="source_usage_once"),
        ]
