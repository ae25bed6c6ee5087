"""What this room holds about a person or an account."""

from django.utils.translation import gettext_lazy as _

from tenants.personal import OF_SUBJECTS, SUBJECTS, Holding

_OF_QUALIFICATIONS = (
    "t.qualification_id IN (SELECT q.id FROM scoring_qualification q WHERE q.tenant_id = %(tenant_id)s AND "
    + OF_SUBJECTS.replace("t.", "q.")
    + ")"
)
_LEVEL = (
    "(SELECT d.level FROM scoring_replayrun r"
    " JOIN scoring_version v ON v.tenant_id = %(tenant_id)s AND v.id = r.version_id"
    " JOIN scoring_definition d ON d.tenant_id = %(tenant_id)s AND d.id = v.definition_id"
    " WHERE r.tenant_id = %(tenant_id)s AND r.id = t.run_id)"
)

HOLDINGS = [
    Holding("scoring_score", _("scores now"), OF_SUBJECTS),
    Holding("scoring_scorechange", _("scores as they were"), OF_SUBJECTS, is_appended=True),
    Holding(
        "scoring_replayqualification",
        _("PQLs found by replays"),
        "(t.subject_id = ANY(%(persons)s::bigint[]) OR t.subject_id = ANY(%(accounts)s::bigint[])) AND "
        + SUBJECTS.format(kind="level", id="subject_id").replace("t.level", _LEVEL),
    ),
    Holding("scoring_qualificationevent", _("what became of PQLs"), _OF_QUALIFICATIONS, is_appended=True),
    Holding("scoring_qualification", _("PQLs with their reasons"), OF_SUBJECTS),
]
