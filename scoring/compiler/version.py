"""One statement per version: signal values first, then points.

Shape of the text, top to bottom:
  activity       the rows that count, of the subjects asked for, mapped to the subject (a person through identity, the
                 account by the event's own account)
  tallies        one row per subject: what each signal needs from its events, in one hash aggregate (no sort)
  traits, tests  the value of each trait as of the moment, and which trait signals it makes true
  expiring       the last day on which a list holds somebody, where a test asks a list whose rows expire
  subjects       the subjects asked for plus all that were found
  measured       distinct days made distinct
  signal_values  the value of every signal that is no rule, and next_due_at
  signal_points  the value of every rule, raw points, points after caps
Result: subject_id, points, has_required (every required signal is true and no excluding one), contributions (one object
per signal whose value is not 0: signal, name, value, raw, points; the points add up to `points`), next_due_at.

next_due_at is the earliest `as_of` at which the points of any signal can differ from now without anything new being
received: an event leaves a window, an event or trait dated in the future comes true, a row of a list expires. It can be
early (signals.py says for which signals), never late, and null when nothing can change.

The bounds on ts are written per action, so that a signal over all time does not make windowed ones read everything.
Comparisons are on bigint, smallint, timestamptz and text only: others are not leakproof, and row-level security would
keep them from using an index.
"""

import json
from typing import Any

from scoring.compiler.compiled import Compiled, compiled
from scoring.compiler.dates import day_changes
from scoring.compiler.joined import rule_columns, truth
from scoring.compiler.lists import list_expiry
from scoring.compiler.signals import SignalSql, action_sql, capped_points, raw_points
from scoring.compiler.sources import activity_rows, coming_traits, reads_activity, select, trait_rows
from scoring.compiler.traits import reads_traits, trait_conditions, trait_constants
from scoring.compiler.usage import usage_changes, usage_constants, usage_stages
from scoring.rules.spec import NEXT_DAYS, ON_EVENTS, PAST_DAYS, SignalKind, SignalSpec, Spec

# The midnight that ends the last day; the last one given when that is later, which is early and never late.
_EXPIRES = (
    "CASE WHEN last_day IS NOT NULL THEN"
    " days[LEAST(last_day + 1 - %(today)s::date + array_length(days, 1) / 2, array_length(days, 1))]"
    " + interval '1 microsecond' END"
)


def compile_version(spec: Spec, *, few: bool = False) -> Compiled:
    """The statement for a spec. Its parameters: Compiled.parameters. few: for a list of up to some thousand subjects
    (compiled.are_few), which are looked up one by one. Raises ValueError for a spec without signals."""
    if not spec.signals:
        raise ValueError("A version without signals gives no points: add a signal first.")
    numbered = list(enumerate(spec.signals, start=1))
    over_actions = {n: action_sql(signal, n) for n, signal in numbered if signal.kind in ON_EVENTS}
    has_activity, has_traits = reads_activity(spec), reads_traits(spec)
    constants: dict[str, Any] = {f"line_{n}": _line_start(signal) for n, signal in numbered}
    stages: list[tuple[str, str]] = []
    if has_activity:
        stages += _tally_stages(spec, over_actions, few)
    if has_traits:
        stages += _test_stages(spec, constants, few)
    stages.append(("subjects", _subjects(has_activity, has_traits)))
    stages.append(("measured", _measured(spec, has_activity, has_traits)))
    stages.append(("signal_values", _signal_values(spec, over_actions, has_activity, has_traits)))
    stages.append(("signal_points", _signal_points(spec)))
    text = ",\n".join(f"{name} AS ({body}\n)" for name, body in stages)
    return compiled(spec, f"WITH {text}\n{_result(spec)}", constants)


def _tally_stages(spec: Spec, over_actions: dict[int, SignalSql], few: bool) -> list[tuple[str, str]]:
    columns = [tally for sql in over_actions.values() for tally in sql.tallies]
    columns.append("min(ts) FILTER (WHERE ts >= %(as_of)s::timestamptz) AS enters")
    tallies = select(["subject_id", *columns], "FROM activity GROUP BY subject_id")
    return [("activity", activity_rows(spec, few=few)), ("tallies", tallies)]


def _test_stages(spec: Spec, constants: dict[str, Any], few: bool) -> list[tuple[str, str]]:
    constants |= trait_constants(spec)
    for n, signal in enumerate(spec.signals, start=1):
        constants |= usage_constants(signal.usage, n) if signal.usage else {}
    conditions = trait_conditions(spec)
    columns = [f"max(CASE WHEN {test} THEN 1 ELSE 0 END) AS trait_{n}" for n, test in conditions.items()]
    tests = select(["subject_id", *columns], "FROM traits GROUP BY subject_id")
    usages = [(n, signal) for n, signal in enumerate(spec.signals, start=1) if signal.usage]
    stages = [
        ("traits", trait_rows(spec, few=few)),
        ("coming", coming_traits(spec, few=few)),
        ("tests", tests),
    ]
    for n, signal in usages:
        stages += usage_stages(signal, n)
    if expiries := _expiries(spec):
        ends = "\n    UNION ALL ".join(expiries)
        lasts = f"FROM (\n    {ends}\n    ) AS ends GROUP BY subject_id"
        stages.append(("expiring", select(["subject_id", "min(last_day) AS last_day"], lasts)))
    return stages


def _expiries(spec: Spec) -> list[str]:
    found = []
    for n, signal in enumerate(spec.signals, start=1):
        if signal.usage:
            found.append(usage_changes(n))
        elif signal.trait_operator in (NEXT_DAYS, PAST_DAYS):
            found.append(day_changes(signal, n))
        elif expiry := list_expiry(signal, n):
            found.append(expiry)
    return found


def _subjects(has_actions: bool, has_traits: bool) -> str:
    parts = ["SELECT unnest(%(subjects)s::bigint[]) AS subject_id"]
    if has_actions:
        parts.append("SELECT subject_id FROM tallies")
    if has_traits:
        parts += ["SELECT subject_id FROM tests", "SELECT subject_id FROM coming"]
    return "\n    " + "\n    UNION ".join(parts)


def _measured(spec: Spec, has_actions: bool, has_traits: bool) -> str:
    columns = ["*", "%(days)s::timestamptz[] AS days"]
    for n, signal in enumerate(spec.signals, start=1):
        if signal.kind == SignalKind.DISTINCT_DAYS:
            columns.append(
                f"(SELECT array_agg(DISTINCT d ORDER BY d DESC) FROM unnest(raw_days_{n}) AS d) AS days_{n}"
            )
    joins = "FROM subjects"
    if has_actions:
        joins += " LEFT JOIN tallies USING (subject_id)"
    if has_traits:
        joins += " LEFT JOIN tests USING (subject_id) LEFT JOIN coming USING (subject_id)"
    for n, signal in enumerate(spec.signals, start=1):
        if signal.usage:
            joins += (
                f" LEFT JOIN (SELECT subject_id, usage_{n} FROM usage_{n}) AS used_{n} USING (subject_id)"
            )
    if _expiries(spec):
        joins += " LEFT JOIN expiring USING (subject_id)"
    # OFFSET 0 keeps the planner from copying the sub-selects above into every expression that uses their result
    return select(columns, f"{joins} OFFSET 0")


def _signal_values(
    spec: Spec, over_actions: dict[int, SignalSql], has_activity: bool, has_traits: bool
) -> str:
    columns, moments = ["subject_id"], []
    for n, signal in enumerate(spec.signals, start=1):
        if signal.kind == SignalKind.RULE:
            continue  # told by the others
        sql, kept = over_actions.get(n), "usage" if signal.usage else "trait"
        columns.append(f"{sql.value if sql else f'COALESCE({kept}_{n}, 0)'} AS value_{n}")
        if sql and sql.leaves:
            moments.append(sql.leaves)
    if has_activity:
        moments.append("enters + interval '1 microsecond'")
    if has_traits:
        moments.append("trait_changes + interval '1 microsecond'")
    if _expiries(spec):
        moments.append(_EXPIRES)
    listed = ",\n        ".join(moments)
    columns.append(f"LEAST(\n        {listed}\n    ) AS next_due_at")
    return select(columns, "FROM measured")


def _signal_points(spec: Spec) -> str:
    rules = rule_columns(spec)
    raw = [f"{raw_points(signal, f'value_{n}')} AS raw_{n}" for n, signal in enumerate(spec.signals, start=1)]
    capped = [
        f"{capped_points(signal, f'raw_{n}')} AS points_{n}" for n, signal in enumerate(spec.signals, start=1)
    ]
    values = (
        f"FROM ({select(['*', *rules], 'FROM signal_values')}\n    ) AS ruled"
        if rules
        else "FROM signal_values"
    )
    return select(["*", *capped], f"FROM ({select(['*', *raw], values)}\n    ) AS before_caps")


def _result(spec: Spec) -> str:
    numbered = list(enumerate(spec.signals, start=1))
    required = [f"({truth(signal, f'value_{n}')})" for n, signal in numbered if signal.is_required]
    required += [f"NOT ({truth(signal, f'value_{n}')})" for n, signal in numbered if signal.is_excluding]
    lines = [
        f"CASE WHEN value_{n} <> 0 THEN %(line_{n})s || {_plain(signal, n)} || ', \"raw\": ' || raw_{n}"
        f" || ', \"points\": ' || points_{n} || '}}' END"
        for n, signal in numbered
    ]
    listed = ",\n        ".join(lines)
    return select(
        [
            "subject_id",
            f"({' + '.join(f'points_{n}' for n, _ in numbered)}) AS points",
            f"({' AND '.join(required) or 'true'}) AS has_required",
            f"('[' || concat_ws(', ',\n        {listed}\n    ) || ']')::jsonb AS contributions",
            "next_due_at",
        ],
        "FROM signal_points",
    ).strip()


def _plain(signal: SignalSpec, n: int) -> str:
    """The value without the trailing zeros of a numeric column."""
    return f"trim_scale(value_{n})" if signal.kind in (SignalKind.SUM, SignalKind.MAX) else f"value_{n}"


def _line_start(signal: SignalSpec) -> str:
    """The constant beginning of a contribution. Joining texts and parsing the JSON once takes a third of the time that
    jsonb_build_object does."""
    return json.dumps({"signal": signal.key, "name": signal.name})[:-1] + ', "value": '
