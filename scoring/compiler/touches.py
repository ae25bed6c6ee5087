"""The SQL of first and last marketing touches, read as traits. Which touches count: ingestion.rules.marketing, of which
this is the same."""

from ingestion.rules.marketing import CARRIES_ON, REFERRED, SEEN, TOLD
from scoring.rules.spec import FIRST_TOUCH, LAST_TOUCH, Level, Spec, is_touch_trait

_TENANT = "tenant_id = %(tenant_id)s"
_A_DAY = f"{int(CARRIES_ON.total_seconds())} seconds"
_ASKED = "(%(subjects)s::bigint[] IS NULL OR {column} = ANY(%(subjects)s::bigint[]))"
_FEW = "{column} = ANY(%(subjects)s::bigint[])"
# (subject_id, person_id, holder: an identity, joined)
_HOLDERS = {
    Level.PERSON: "SELECT person_id AS subject_id, person_id, id AS holder, NULL::timestamptz AS joined"
    f" FROM ingestion_identity WHERE {_TENANT} AND {{asked}}",
    Level.ACCOUNT: "SELECT m.account_id AS subject_id, i.person_id, o.id AS holder, min(m.valid_from) AS joined"
    f"\n            FROM ingestion_accountmembership AS m JOIN ingestion_identity AS i ON i.{_TENANT}"
    f" AND i.id = m.identity_id"
    f"\n            JOIN ingestion_person AS p ON p.{_TENANT} AND p.id = i.person_id AND p.exclusion = 0"
    f"\n            JOIN ingestion_identity AS o ON o.{_TENANT} AND o.person_id = i.person_id"
    f"\n            WHERE m.{_TENANT} AND {{asked}} GROUP BY 1, 2, 3",
}
_COLUMN = {Level.PERSON: "person_id", Level.ACCOUNT: "m.account_id"}
_ORDERS = {
    FIRST_TOUCH: 'ts, message_id COLLATE "C", kind, once',
    LAST_TOUCH: f'kind = {TOLD}, ts DESC, message_id COLLATE "C" DESC, kind DESC, once DESC',
}


def asks_touches(spec: Spec) -> bool:
    return bool(_asked(spec))


def first_and_last(spec: Spec, *, few: bool, dated: str) -> str:
    """Rows as of a trait, one for each facet that is asked for: of the first and the last touch that count. dated: the
    condition on the moment it holds from (`since`)."""
    counted = (
        f"\n        SELECT * FROM (SELECT *, count(*) FILTER (WHERE kind = {SEEN}) OVER ("
        f"\n            PARTITION BY subject_id, person_id ORDER BY ts RANGE BETWEEN interval '{_A_DAY}' PRECEDING"
        f" AND CURRENT ROW) AS campaigns"
        f"\n            FROM ({_touches(spec.level, few)}\n            ) AS touches WHERE {dated}"
        f"\n        ) AS ordered WHERE kind <> {REFERRED} OR campaigns = 0"
    )
    return "\n    UNION ALL ".join(
        _facets(
            names,
            f"SELECT DISTINCT ON (subject_id) * FROM ({counted}) AS counted"
            f"\n        ORDER BY subject_id, {_ORDERS[which]}",
        )
        for which in _ORDERS
        if (names := [name for name in _asked(spec) if name.startswith(which)])
    )


def touch_moments(spec: Spec, *, few: bool, dated: str) -> str:
    """Rows (subject_id, valid_from): when any touch began to hold."""
    return f"SELECT subject_id, since FROM ({_touches(spec.level, few)}\n    ) AS touches WHERE {dated}"


def _asked(spec: Spec) -> list[str]:
    return sorted({signal.trait_name for signal in spec.signals if is_touch_trait(signal.trait_name)})


def _facets(names: list[str], chosen: str) -> str:
    values = ", ".join(f"('{name}', {name.partition('_')[2]})" for name in names)
    return (
        "SELECT subject_id, name, value AS text, NULL::numeric AS number, since AS valid_from, message_id"
        f"\n    FROM ({chosen}\n    ) AS chosen CROSS JOIN LATERAL (VALUES {values}) AS facets(name, value)"
        "\n    WHERE value <> ''"
    )


def _touches(level: Level, few: bool) -> str:
    """Rows (subject_id, person_id, since, columns of the touch): of persons from the touch on, of accounts from when
    the person is in them too."""
    holders = _HOLDERS[level].format(asked=(_FEW if few else _ASKED).format(column=_COLUMN[level]))
    touches = (
        f"SELECT * FROM ingestion_marketingtouch WHERE {_TENANT} AND received_at <= %(known_at)s::timestamptz"
    )
    joined = f"({holders}) AS h JOIN ({touches}) AS t ON t.identity_id = h.holder"
    if few:
        joined = f"({holders} OFFSET 0) AS h CROSS JOIN LATERAL ({touches} AND identity_id = h.holder OFFSET 0) AS t"
    return f"\n            SELECT h.subject_id, h.person_id, GREATEST(t.ts, h.joined) AS since, t.* FROM {joined}"
