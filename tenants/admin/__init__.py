"""The tenants room's pages in the console, one module a page."""

from tenants.admin import audit_log, members, platform, sources, tokens, units  # noqa: F401
