"""The SQL of tests whether a trait, or a subject's own id, is in a list.

A row of a list is looked up by its value, in the edition that the spec names. Built-in lists are bound whole: they have
some thousand domains, which the database hashes.
"""

from typing import Any

from ingestion.rules.builtin_lists import built_in_domains
from scoring.rules.spec import BUILT_IN, IN_LIST, NOT_IN_LIST, OWN_IDS, Level, SignalSpec

SEPARATOR = "chr(31)"  # between own ids; no id in a list holds one
LONGEST_DOMAIN = 253
# The domain in a text as ingestion.rules.domains.clean_domain finds it; "www." needs no care, a row holds for what is
# below it.
_HOST = (
    "btrim(split_part(regexp_replace(split_part(regexp_replace(btrim(text), '^.*?://', ''), '/', 1), '^.*@', ''),"
    " ':', 1), '.')"
)
# (value): the domain and those above it
_DOMAINS = (
    "(SELECT array_to_string(parts[place:], '.') AS value FROM (SELECT string_to_array("
    f"CASE WHEN length({_HOST}) <= {LONGEST_DOMAIN} THEN {_HOST} ELSE '' END, '.') AS parts) AS host"
    " CROSS JOIN generate_series(1, cardinality(parts)) AS place)"
)
_IDS = f"(SELECT unnest(string_to_array(text, {SEPARATOR})) AS value)"


def is_list_test(signal: SignalSpec) -> bool:
    return signal.trait_operator in (IN_LIST, NOT_IN_LIST)


def asks_own_ids(signal: SignalSpec) -> bool:
    """Whether the test is about the subject's ids and not about a trait."""
    return is_list_test(signal) and signal.list_kind in OWN_IDS


def list_test(signal: SignalSpec, n: int) -> tuple[str, dict[str, Any]]:
    """The condition on a trait row (text), and the constants it binds."""
    code = signal.list_ref.removeprefix(BUILT_IN)
    if code != signal.list_ref:
        held = f"EXISTS (SELECT FROM {_values(signal)} AS asked WHERE asked.value = ANY(%(trait_{n}_list)s::text[]))"
        constants: dict[str, Any] = {f"trait_{n}_list": list(built_in_domains(code))}
    else:
        held = f"EXISTS (SELECT FROM {_rows(signal, n)})"
        constants = {f"trait_{n}_list": signal.list_ref, f"trait_{n}_edition": signal.list_edition}
    return (held if signal.trait_operator == IN_LIST else f"(text IS NOT NULL AND NOT {held})"), constants


def list_expiry(signal: SignalSpec, n: int) -> str | None:
    """Rows (subject_id, last_day) from the stage `traits`: the last day on which a list holds somebody. None for a list
    without dates. It is the same moment for “in” and “not in”."""
    if not is_list_test(signal) or not signal.list_expires:
        return None
    return (
        f"SELECT subject_id, last_day FROM traits CROSS JOIN LATERAL ("
        f"\n        SELECT CASE WHEN bool_and(expires_on IS NOT NULL) THEN max(expires_on) END AS last_day"
        f" FROM {_rows(signal, n)}\n    ) AS held WHERE name = %(trait_{n}_name)s"
    )


def own_ids(level: Level, *, few: bool, seen: str) -> str:
    """Rows as of a trait, with an empty name: the ids of each subject, dated by when it was first seen. seen: the
    condition on that moment (`first_seen_at`)."""
    columns = "NULL::numeric AS number, first_seen_at AS valid_from, '' AS message_id"
    asked = "(%(subjects)s::bigint[] IS NULL OR s.id = ANY(%(subjects)s::bigint[]))"
    if few:
        asked = "s.id = ANY(%(subjects)s::bigint[])"
    if level == Level.ACCOUNT:
        return (
            f"\n    SELECT id AS subject_id, '' AS name, key AS text, {columns} FROM ingestion_account AS s"
            f"\n    WHERE s.tenant_id = %(tenant_id)s AND {seen} AND {asked} AND position({SEPARATOR} IN key) = 0"
        )
    return (
        f"\n    SELECT s.id AS subject_id, '' AS name, ids.text, {columns}"
        "\n    FROM ingestion_person AS s CROSS JOIN LATERAL ("
        f"\n        SELECT string_agg(value, {SEPARATOR}) AS text FROM ingestion_identity AS i"
        "\n        WHERE i.tenant_id = %(tenant_id)s AND i.person_id = s.id AND i.kind = 1"
        f" AND position({SEPARATOR} IN value) = 0"
        f"\n    ) AS ids WHERE s.tenant_id = %(tenant_id)s AND {seen} AND {asked} AND ids.text IS NOT NULL"
    )


def _values(signal: SignalSpec) -> str:
    return _IDS if asks_own_ids(signal) else _DOMAINS


def _rows(signal: SignalSpec, n: int) -> str:
    """The rows that hold one of the values, as of today. One look-up for each value: OFFSET 0 keeps the planner from
    joining the whole list."""
    return (
        f"{_values(signal)} AS asked CROSS JOIN LATERAL (SELECT expires_on FROM ingestion_listrow AS held"
        f" WHERE held.tenant_id = %(tenant_id)s AND held.list_id = %(trait_{n}_list)s::uuid"
        f" AND held.value = asked.value"
        f" AND held.since <= %(trait_{n}_edition)s AND (held.until IS NULL OR held.until > %(trait_{n}_edition)s)"
        " AND (held.expires_on IS NULL OR held.expires_on >= %(today)s::date) OFFSET 0) AS list_row"
    )
