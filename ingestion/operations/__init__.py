"""Every write of the ingestion room."""

from ingestion.operations.accept import accept_batch, mark_key_used
from ingestion.operations.actions import archive_action, backfill_actions, create_action, edit_action
from ingestion.operations.alert_mails import tell_of_data_alerts
from ingestion.operations.alerts import wake_watches, watch_data
from ingestion.operations.consent import add_contact_rule, delete_contact_rule
from ingestion.operations.crm_connections import (
    CrmSettings,
    create_crm_connection,
    delete_crm_connection,
    edit_crm_connection,
    read_crm_again,
    switch_crm_connection,
)
from ingestion.operations.crm_pulling import TriedRecord, continue_crm_pulls, try_crm
from ingestion.operations.domain_accounts import sweep_domain_accounts, switch_accounts_from_email
from ingestion.operations.enriching import Trial, continue_enrichment, try_enrichment
from ingestion.operations.enrichments import (
    create_enrichment,
    delete_enrichment,
    edit_enrichment,
    switch_enrichment,
)
from ingestion.operations.environments import mark_environments
from ingestion.operations.erasures import lift_suppression, request_erasure
from ingestion.operations.exclusions import create_exclusion, delete_exclusion, mark_named_subjects
from ingestion.operations.file_checks import Findings, continue_check, request_check
from ingestion.operations.fold import FoldResult, fold_inbox
from ingestion.operations.imports import FileImport, ImportRefused, ImportResult, import_file
from ingestion.operations.links import redo_identity_link, undo_identity_link
from ingestion.operations.lists import (
    ListChanged,
    NothingReplaced,
    Upload,
    archive_list,
    create_list,
    edit_list,
    remove_rows,
    upload_rows,
)
from ingestion.operations.outcomes import Fact, record_outcomes
from ingestion.operations.partitions import drop_partitions, make_partitions
from ingestion.operations.personal_exports import request_personal_export
from ingestion.operations.personal_fields import decide_personal_field, forget_personal_field
from ingestion.operations.plan_facts import state_plan
from ingestion.operations.plans import (
    allow,
    allow_freely,
    archive_plan,
    create_limit,
    create_plan,
    create_plan_rule,
    delete_plan_rule,
    edit_limit,
    edit_plan,
)
from ingestion.operations.precedence import drop_precedence, set_precedence
from ingestion.operations.precedence_sweep import sort_traits_out
from ingestion.operations.preview import Preview, preview_file
from ingestion.operations.protection import (
    change_identity_limits,
    create_identity_rule,
    delete_identity_rule,
    redraw_identities,
)
from ingestion.operations.quarantine import (
    AlreadyReplayed,
    StillUnreadable,
    quarantine_all,
    replay_quarantined,
)
from ingestion.operations.quarantine_replays import (
    NothingWaits,
    begin_quarantine_replay,
    continue_quarantine_replays,
)
from ingestion.operations.recut import recut_days
from ingestion.operations.renames import follow_renames, map_event, unmap_event
from ingestion.operations.telling import tell_traits
from ingestion.operations.touched import take_touched, touch
from ingestion.operations.tracking import (
    DraftChanged,
    NeedsJson,
    accept_violation,
    amend_draft,
    archive_tracking_plan,
    create_tracking_plan,
    discard_draft,
    edit_tracking_plan,
    plan_event,
    publish_draft,
    save_draft,
    unplan_event,
)
from ingestion.operations.trims import (
    Trimmed,
    change_retention,
    pause_trim,
    resume_trim,
    trim_history,
    wake_trims,
)
from ingestion.operations.uploads import (
    cancel_import,
    continue_import,
    discard_file,
    pause_import,
    receive_file,
    remove_old_files,
    request_import,
    resume_import,
)

__all__ = [
    "AlreadyReplayed",
    "CrmSettings",
    "DraftChanged",
    "Fact",
    "FileImport",
    "Findings",
    "FoldResult",
    "ImportRefused",
    "ImportResult",
    "ListChanged",
    "NeedsJson",
    "NothingReplaced",
    "NothingWaits",
    "Preview",
    "StillUnreadable",
    "Trial",
    "TriedRecord",
    "Trimmed",
    "Upload",
    "accept_batch",
    "accept_violation",
    "add_contact_rule",
    "allow",
    "allow_freely",
    "amend_draft",
    "archive_action",
    "archive_list",
    "archive_plan",
    "archive_tracking_plan",
    "backfill_actions",
    "begin_quarantine_replay",
    "cancel_import",
    "change_identity_limits",
    "change_retention",
    "continue_check",
    "continue_crm_pulls",
    "continue_enrichment",
    "continue_import",
    "continue_quarantine_replays",
    "create_action",
    "create_crm_connection",
    "create_enrichment",
    "create_exclusion",
    "create_identity_rule",
    "create_limit",
    "create_list",
    "create_plan",
    "create_plan_rule",
    "create_tracking_plan",
    "decide_personal_field",
    "delete_contact_rule",
    "delete_crm_connection",
    "delete_enrichment",
    "delete_exclusion",
    "delete_identity_rule",
    "delete_plan_rule",
    "discard_draft",
    "discard_file",
    "drop_partitions",
    "drop_precedence",
    "edit_action",
    "edit_crm_connection",
    "edit_enrichment",
    "edit_limit",
    "edit_list",
    "edit_plan",
    "edit_tracking_plan",
    "fold_inbox",
    "follow_renames",
    "forget_personal_field",
    "import_file",
    "lift_suppression",
    "make_partitions",
    "map_event",
    "mark_environments",
    "mark_key_used",
    "mark_named_subjects",
    "pause_import",
    "pause_trim",
    "plan_event",
    "preview_file",
    "publish_draft",
    "quarantine_all",
    "read_crm_again",
    "receive_file",
    "record_outcomes",
    "recut_days",
    "redo_identity_link",
    "redraw_identities",
    "remove_old_files",
    "remove_rows",
    "replay_quarantined",
    "request_check",
    "request_erasure",
    "request_import",
    "request_personal_export",
    "resume_import",
    "resume_trim",
    "save_draft",
    "set_precedence",
    "sort_traits_out",
    "state_plan",
    "sweep_domain_accounts",
    "switch_accounts_from_email",
    "switch_crm_connection",
    "switch_enrichment",
    "take_touched",
    "tell_of_data_alerts",
    "tell_traits",
    "touch",
    "trim_history",
    "try_crm",
    "try_enrichment",
    "undo_identity_link",
    "unmap_event",
    "unplan_event",
    "upload_rows",
    "wake_trims",
    "wake_watches",
    "watch_data",
]
