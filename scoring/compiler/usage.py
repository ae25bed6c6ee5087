"""The SQL of usage against a limit: how much of what its plan allows an account uses, in percent.

Stages of signal n: allowance_n (subject_id, amount, first_day, next_day: of the plan as of the moment, and the days
between which usage is counted), usage_n (subject_id, usage_n: whole percent, last_day: of the period)."""

from typing import Any

from scoring.compiler.dates import day_of
from scoring.rules.spec import PERIOD_FACT, PLAN_FACT, SignalSpec, UsageSpec

_TODAY = "%(today)s::date"
_BOUNDS = {
    "never": ("NULL::date", "NULL::date"),
    "month": (
        f"date_trunc('month', {_TODAY})::date",
        f"(date_trunc('month', {_TODAY}) + interval '1 month')::date",
    ),
}
# months since the anchor until the period of today: one too many where that begins later this month
_WHOLE = (
    f"floor(((date_part('year', {_TODAY}) - date_part('year', anchor)) * 12"
    f" + date_part('month', {_TODAY}) - date_part('month', anchor)) / months)::integer * months"
)


def usage_constants(usage: UsageSpec, n: int) -> dict[str, Any]:
    """What the stages bind."""
    return {
        f"usage_{n}_keys": [each.plan for each in usage.allowances],
        f"usage_{n}_amounts": [each.amount for each in usage.allowances],
        f"usage_{n}_months": [each.months for each in usage.allowances],
        f"usage_{n}_gauge": usage.gauge_trait,
    }


def usage_stages(signal: SignalSpec, n: int) -> list[tuple[str, str]]:
    usage = signal.usage
    assert usage is not None  # noqa: S101
    return [(f"allowance_{n}", _allowance(usage, n)), (f"usage_{n}", _usage(usage, n))]


def usage_changes(n: int) -> str:
    """Rows (subject_id, last_day): the last day of the period in which something was used."""
    return f"SELECT subject_id, last_day FROM usage_{n} WHERE usage_{n} <> 0"


def used_since(signal: SignalSpec, n: int) -> str:
    """Rows (subject_id, ts): whoever uses the limit to the percent asked for, dated by what last used or told it."""
    usage = signal.usage
    assert usage is not None  # noqa: S101
    told = (
        f"(SELECT max(valid_from) FROM traits AS t WHERE t.subject_id = u.subject_id"
        f" AND t.name IN ('{PLAN_FACT}', %(usage_{n}_gauge)s))"
    )
    used = "NULL::timestamptz"
    if not usage.gauge_trait:
        used = (
            "(SELECT max(ts) FROM activity AS a WHERE a.subject_id = u.subject_id"
            f" AND a.action = {int(usage.action_version_id or 0)} AND a.ts < %(as_of)s::timestamptz)"
        )
    return (
        f"SELECT subject_id, GREATEST({told}, {used}) AS ts FROM usage_{n} AS u"
        f" WHERE usage_{n} >= {signal.at_least:f}"
    )


def _allowance(usage: UsageSpec, n: int) -> str:
    columns = "p.subject_id, a.amount, a.months"
    plans = (
        f"traits AS p JOIN unnest(%(usage_{n}_keys)s::text[], %(usage_{n}_amounts)s::numeric[],"
        f" %(usage_{n}_months)s::integer[]) AS a(key, amount, months) ON a.key = p.text"
    )
    if usage.resets in _BOUNDS:
        first, after = _BOUNDS[usage.resets]
        bounds = f"{first} AS first_day, {after} AS next_day"
        return f"\n    SELECT {columns}, {bounds} FROM {plans} WHERE p.name = '{PLAN_FACT}'"
    start = "(anchor + make_interval(months => whole))::date"
    shifted = f"whole - CASE WHEN {start} > {_TODAY} THEN months ELSE 0 END"
    anchor = (
        f"COALESCE({day_of('b.text')}, CASE WHEN a.months = 1 THEN date_trunc('month', {_TODAY})"
        f" ELSE date_trunc('year', {_TODAY}) END::date)"
    )
    return (
        "\n    SELECT subject_id, amount, months, (anchor + make_interval(months => begun))::date AS first_day,"
        " (anchor + make_interval(months => begun + months))::date AS next_day FROM ("
        f"\n        SELECT *, {shifted} AS begun FROM (SELECT *, {_WHOLE} AS whole FROM ("
        f"\n            SELECT {columns}, {anchor} AS anchor FROM {plans}"
        f" LEFT JOIN traits AS b ON b.subject_id = p.subject_id AND b.name = '{PERIOD_FACT}'"
        f"\n            WHERE p.name = '{PLAN_FACT}'\n        ) AS anchored) AS elapsed\n    ) AS periods"
    )


def _usage(usage: UsageSpec, n: int) -> str:
    if usage.gauge_trait:
        used = "COALESCE(max(g.number), 0)"
        rows = f"LEFT JOIN traits AS g ON g.subject_id = w.subject_id AND g.name = %(usage_{n}_gauge)s"
    else:
        taken = f"count(*) FILTER (WHERE g.action = {int(usage.action_version_id or 0)})"
        given = f"count(*) FILTER (WHERE g.action = {int(usage.returning_version_id or 0)})"
        used = f"({taken} - {given})"
        rows = (
            "LEFT JOIN activity AS g ON g.subject_id = w.subject_id AND g.ts < %(as_of)s::timestamptz"
            " AND (w.first_day IS NULL OR g.local_day >= w.first_day)"
        )
    return (
        f"\n    SELECT w.subject_id, trunc(GREATEST({used}, 0) * 100 / w.amount)::bigint AS usage_{n},"
        f" w.next_day - 1 AS last_day\n    FROM allowance_{n} AS w {rows}"
        "\n    GROUP BY w.subject_id, w.amount, w.next_day"
    )
