"""Every write of the scoring room."""

from scoring.operations.definitions import (
    DraftChanged,
    DraftRefused,
    create_definition,
    create_motion,
    edit_definition,
    edit_motion,
    new_draft,
    save_draft,
)
from scoring.operations.discarding import delete_definition, discard_draft
from scoring.operations.due import ScoreResult, score_due
from scoring.operations.forgetting import Forgotten, forget_scores
from scoring.operations.past import release_past
from scoring.operations.publishing import NotPossible, archive_definition, publish_version, start_testing
from scoring.operations.replays import (
    Replay,
    ReplayRefused,
    continue_replay,
    request_replay,
    resume_replay,
    run_replay,
    start_replay,
)
from scoring.operations.routed import mark_released, mark_routed

__all__ = [
    "DraftChanged",
    "DraftRefused",
    "Forgotten",
    "NotPossible",
    "Replay",
    "ReplayRefused",
    "ScoreResult",
    "archive_definition",
    "continue_replay",
    "create_definition",
    "create_motion",
    "delete_definition",
    "discard_draft",
    "edit_definition",
    "edit_motion",
    "forget_scores",
    "mark_released",
    "mark_routed",
    "new_draft",
    "publish_version",
    "release_past",
    "request_replay",
    "resume_replay",
    "run_replay",
    "save_draft",
    "score_due",
    "start_replay",
    "start_testing",
]
