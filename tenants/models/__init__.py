"""The tables of the tenants room."""

from tenants.models.audit import AuditEvent, PlatformEvent
from tenants.models.credentials import ApiToken, EnvironmentChange, Source, WriteKey
from tenants.models.people import Invitation, Membership, Role, User
from tenants.models.tenant import BusinessUnit, Tenant, ZoneChange
from tenants.models.usage import SourceUsage
from tenants.models.work import Work

__all__ = [
    "ApiToken",
    "AuditEvent",
    "BusinessUnit",
    "EnvironmentChange",
    "Invitation",
    "Membership",
    "PlatformEvent",
    "Role",
    "Source",
    "SourceUsage",
    "Tenant",
    "User",
    "Work",
    "WriteKey",
    "ZoneChange",
]
