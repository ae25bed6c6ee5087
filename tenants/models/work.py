"""The one table that is claimed across tenants: what is due, for whom, and no payload. See ADR 0004."""

from django.db import models


class Work(models.Model):
    """`ref` names what within the tenant (empty: all of it). A free row is due at next_at; a leased one is somebody's
    until lease_until, after which anyone may take it again."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16)
    ref = models.CharField(max_length=64, default="", blank=True)
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "kind", "ref"], name="work_once")]
        indexes = [models.Index(fields=["kind", "next_at"], name="work_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}".strip()
