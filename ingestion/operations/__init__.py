"""Every write of the ingestion room."""

from ingestion.operations.accept import accept_batch, mark_key_used
from ingestion.operations.actions import archive_action, backfill_actions, create_action, edit_action
from ingestion.operations.exclusions import create_exclusion, delete_exclusion, mark_named_subjects
from ingestion.operations.file_checks import Findings, continue_check, request_check
from ingestion.operations.fold import FoldResult, fold_inbox
from ingestion.operations.imports import FileImport, ImportRefused, ImportResult, import_file
from ingestion.operations.links import undo_identity_link
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
from ingestion.operations.preview import Preview, preview_file
from ingestion.operations.quarantine import (
    AlreadyReplayed,
    StillUnreadable,
    quarantine_all,
    replay_quarantined,
)
from ingestion.operations.recut import recut_days
from ingestion.operations.touched import take_touched, touch
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
    "Fact",
    "FileImport",
    "Findings",
    "FoldResult",
    "ImportRefused",
    "ImportResult",
    "ListChanged",
    "NothingReplaced",
    "Preview",
    "StillUnreadable",
    "Upload",
    "accept_batch",
    "archive_action",
    "archive_list",
    "backfill_actions",
    "cancel_import",
    "continue_check",
    "continue_import",
    "create_action",
    "create_exclusion",
    "create_list",
    "delete_exclusion",
    "discard_file",
    "edit_action",
    "edit_list",
    "fold_inbox",
    "import_file",
    "mark_key_used",
    "mark_named_subjects",
    "pause_import",
    "preview_file",
    "quarantine_all",
    "receive_file",
    "record_outcomes",
    "recut_days",
    "remove_old_files",
    "remove_rows",
    "replay_quarantined",
    "request_check",
    "request_import",
    "resume_import",
    "take_touched",
    "touch",
    "undo_identity_link",
    "upload_rows",
]
