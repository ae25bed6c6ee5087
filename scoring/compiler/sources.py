"""The rows a version reads: activity that counts, and traits as of the moment, each mapped to the subject scored.

Each comes in two texts. For everybody (or very many) tables are read once and joined. For a few subjects their rows are
looked up one subject after the other in an index; LATERAL, OFFSET 0 and an order that only that index has leave the
planner no other choice, because its statistics know nothing of a tenant that has just been imported, nor of an action
that is new, and its other choices read the tenant's whole history.
"""

from scoring.compiler.compiled import start_name, window_of
from scoring.compiler.lists import asks_own_ids, own_ids
from scoring.compiler.touches import asks_touches, first_and_last, touch_moments
from scoring.rules.spec import ON_EVENTS, PLAN_TRAITS, Level, Spec, WindowKind, is_plan_trait
from scoring.rules.windows import Window

NOT_PRODUCTION = 4  # value of ingestion.models.Exclusion
TENANT = "tenant_id = %(tenant_id)s"
_ASKED = "(%(subjects)s::bigint[] IS NULL OR {column} = ANY(%(subjects)s::bigint[]))"
# (holder, subject_id): the holders of rows (identities, or the account itself) and the subjects they are scored as
_FEW_HOLDERS = {
    Level.PERSON: "(SELECT id AS holder, person_id AS subject_id FROM ingestion_identity"
    f" WHERE {TENANT} AND person_id = ANY(%(subjects)s::bigint[]) OFFSET 0)",
    Level.ACCOUNT: "(SELECT subject_id AS holder, subject_id FROM unnest(%(subjects)s::bigint[]) AS subject_id)",
}
_ALL_HOLDERS = {
    Level.PERSON: "(SELECT id AS holder, person_id AS subject_id FROM ingestion_identity"
    f" WHERE {TENANT} AND {_ASKED.format(column='person_id')})",
    Level.ACCOUNT: "(SELECT id AS holder, id AS subject_id FROM ingestion_account"
    f" WHERE {TENANT} AND {_ASKED.format(column='id')})",
}
_ACTIVITY_HOLDER = {Level.PERSON: "identity_id", Level.ACCOUNT: "account_id"}
_TRAIT_COLUMNS = "name, text, number, valid_from, message_id"
_TRAIT_KIND = {Level.PERSON: 1, Level.ACCOUNT: 2}


def reads_activity(spec: Spec) -> bool:
    return bool(_reaches(spec))


def activity_rows(spec: Spec, *, few: bool) -> str:
    """Rows (subject_id, action, ts, local_day, number) of the spec's actions that count: not excluded, known by
    known_at, before `until`, and each action only as far back as its longest window."""
    actions = ", ".join(str(action) for action in sorted(_reaches(spec)))
    counts = (
        f"action_version_id IN ({actions}) AND {_counted(spec)} AND received_at <= %(known_at)s::timestamptz"
        f" AND ts < %(until)s::timestamptz\n          AND {_reach(spec)}"
    )
    columns = "action_version_id AS action, ts, local_day, number"
    holder = _ACTIVITY_HOLDER[spec.level]
    return _held_rows(
        "ingestion_activity", holder, columns, counts, spec.level, few, "ORDER BY action_version_id, ts"
    )


def _counted(spec: Spec) -> str:
    return f"exclusion IN (0, {NOT_PRODUCTION})" if spec.with_test_sources else "exclusion = 0"


def trait_rows(spec: Spec, *, few: bool) -> str:
    """Rows (subject_id, name, text, number, valid_from): the value of each trait as of the moment."""
    past = "{date} < %(as_of)s::timestamptz"
    rows = _trait_values(spec, few, past)
    if asks_touches(spec):
        touches = first_and_last(spec, few=few, dated=past.format(date="since"))
        told = f"SELECT subject_id, {_TRAIT_COLUMNS} FROM ({rows}\n    ) AS told"
        rows = f"\n    {told}\n    UNION ALL {touches}"
    return (
        f"\n    SELECT DISTINCT ON (subject_id, name) * FROM ({rows}\n    ) AS past"
        "\n    ORDER BY subject_id, name, valid_from DESC,"
        ' message_id COLLATE "C" DESC, text COLLATE "C" DESC NULLS LAST'
    )


def coming_traits(spec: Spec, *, few: bool) -> str:
    """Rows (subject_id, trait_changes): when the next value dated in the future comes true."""
    rows = _trait_moments(spec, few, "{date} >= %(as_of)s::timestamptz AND {date} < %(until)s::timestamptz")
    return (
        f"\n    SELECT subject_id, min(valid_from) AS trait_changes FROM ({rows}\n    ) AS coming_values"
        "\n    GROUP BY subject_id"
    )


def trait_moments(spec: Spec) -> str:
    """Rows (subject_id, valid_from ...) of every value the spec's traits had or get, before `until`."""
    return _trait_moments(spec, False, "{date} < %(until)s::timestamptz")


def select(columns: list[str], rest: str) -> str:
    """SELECT with one column a line."""
    listed = ",\n        ".join(columns)
    return f"\n    SELECT {listed}\n    {rest}"


def _trait_moments(spec: Spec, few: bool, dated: str) -> str:
    values = _trait_values(spec, few, dated)
    if not asks_touches(spec):
        return f"SELECT subject_id, valid_from FROM ({values}\n    ) AS told"
    touches = touch_moments(spec, few=few, dated=dated.format(date="since"))
    return f"SELECT subject_id, valid_from FROM ({values}\n    ) AS told\n    UNION ALL {touches}"


def _trait_values(spec: Spec, few: bool, dated: str) -> str:
    """dated: the condition on the moment a value holds from, with {date} for its column."""
    known = (
        f"subject_kind = {_TRAIT_KIND[spec.level]} AND name = ANY(%(trait_names)s::text[])"
        f" AND received_at <= %(known_at)s::timestamptz AND {dated.format(date='valid_from')}"
        " AND NOT is_shadowed"
    )
    columns = _TRAIT_COLUMNS
    values = _held_rows("ingestion_traitvalue", "subject_id", columns, known, spec.level, few)
    if any(signal.usage or is_plan_trait(signal.trait_name) for signal in spec.signals):
        told = (
            f"'{PLAN_TRAITS}' || fact = ANY(%(trait_names)s::text[])"
            f" AND received_at <= %(known_at)s::timestamptz AND {dated.format(date='valid_from')}"
        )
        facts = (
            f"'{PLAN_TRAITS}' || fact AS name, value AS text, NULL::numeric AS number, valid_from, message_id"
        )
        values += "\n    UNION ALL " + _held_rows(
            "ingestion_planfact", "account_id", facts, told, spec.level, few
        )
    if not any(asks_own_ids(signal) for signal in spec.signals):
        return values
    ids = own_ids(spec.level, few=few, seen=dated.format(date="first_seen_at"))
    listed = f"subject_id, {columns}"
    return (
        f"\n    SELECT {listed} FROM ({values}\n    ) AS known_values"
        f"\n    UNION ALL SELECT {listed} FROM ({ids}\n    ) AS ids"
    )


def _held_rows(
    table: str, holder: str, columns: str, condition: str, level: Level, few: bool, order: str = ""
) -> str:
    where = f"WHERE {TENANT} AND {condition}"
    if few:
        return (
            f"\n    SELECT h.subject_id, r.* FROM {_FEW_HOLDERS[level]} AS h CROSS JOIN LATERAL ("
            f"\n        SELECT {columns} FROM {table}"
            f"\n        {where} AND {table}.{holder} = h.holder {order} OFFSET 0\n    ) AS r"
        )
    return (
        f"\n    SELECT h.subject_id, r.* FROM (\n        SELECT {holder} AS holder, {columns} FROM {table}"
        f"\n        {where}\n    ) AS r JOIN {_ALL_HOLDERS[level]} AS h USING (holder)"
    )


def _reaches(spec: Spec) -> dict[int, set[Window]]:
    """The windows in which each action is read."""
    reaches: dict[int, set[Window]] = {}
    for signal in spec.signals:
        if signal.usage:
            for action in signal.usage.actions:
                reaches.setdefault(action, set()).add(window_of(signal))
        elif signal.kind in ON_EVENTS:
            reaches.setdefault(int(signal.action_version_id or 0), set()).add(window_of(signal))
    return reaches


def _reach(spec: Spec) -> str:
    parts = []
    for action, windows in sorted(_reaches(spec).items()):
        if Window(WindowKind.EVER) in windows:
            parts.append(f"action_version_id = {action}")
            continue
        starts = ", ".join(f"%({start_name(window)})s::timestamptz" for window in sorted(windows))
        parts.append(f"(action_version_id = {action} AND ts >= LEAST({starts}))")
    return f"({' OR '.join(parts)})"
