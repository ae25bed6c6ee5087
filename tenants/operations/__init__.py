"""Every write of the tenants room."""

from tenants.operations.credentials import (
    TooManyKeys,
    change_environment,
    change_source,
    create_source,
    issue_api_token,
    issue_write_key,
    note_token_use,
    revoke_api_token,
    revoke_write_key,
    rotate_write_key,
)
from tenants.operations.erasure import erase_marked_tenant
from tenants.operations.export import ExportRunning, export_if_requested, export_tenant, exports_folder
from tenants.operations.identity import set_accounts_from_email
from tenants.operations.people import (
    accept_invitation,
    change_role,
    invite_member,
    open_tenant,
    remove_member,
    resend_invitation,
    revoke_invitation,
)
from tenants.operations.refusal import Refused
from tenants.operations.retention import note_kept_since, set_retention
from tenants.operations.samples import (
    enter_sample,
    lock_filling,
    note_filled,
    open_sample,
    remove_sample,
    request_sample,
)
from tenants.operations.tenants import (
    change_tenant_settings,
    create_tenant,
    create_user,
    grant_membership,
    request_deletion,
    request_export,
    resume_tenant,
    set_platform_operator,
    suspend_tenant,
)
from tenants.operations.units import (
    create_business_unit,
    delete_business_unit,
    move_business_unit,
    rename_business_unit,
)
from tenants.operations.usage import add_usage

__all__ = [
    "ExportRunning",
    "Refused",
    "TooManyKeys",
    "accept_invitation",
    "add_usage",
    "change_environment",
    "change_role",
    "change_source",
    "change_tenant_settings",
    "create_business_unit",
    "create_source",
    "create_tenant",
    "create_user",
    "delete_business_unit",
    "enter_sample",
    "erase_marked_tenant",
    "export_if_requested",
    "export_tenant",
    "exports_folder",
    "grant_membership",
    "invite_member",
    "issue_api_token",
    "issue_write_key",
    "lock_filling",
    "move_business_unit",
    "note_filled",
    "note_kept_since",
    "note_token_use",
    "open_sample",
    "open_tenant",
    "remove_member",
    "remove_sample",
    "rename_business_unit",
    "request_deletion",
    "request_export",
    "request_sample",
    "resend_invitation",
    "resume_tenant",
    "revoke_api_token",
    "revoke_invitation",
    "revoke_write_key",
    "rotate_write_key",
    "set_accounts_from_email",
    "set_platform_operator",
    "set_retention",
    "suspend_tenant",
]
