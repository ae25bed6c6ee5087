"""The SQL of days: tests of a trait that is a day, and when they change."""

from scoring.rules.spec import NEXT_DAYS, SignalSpec

# A text that begins with a day, as that day; null for any other. Never an error: February 30 is March 2.
_DAY = r"^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"


def day_of(text: str) -> str:
    parts = [
        f"substring({text} FROM {first} FOR {length})::integer" for first, length in ((1, 4), (6, 2), (9, 2))
    ]
    year, month, day = parts
    return f"CASE WHEN {text} ~ '{_DAY}' THEN make_date({year}, {month}, 1) + ({day} - 1) END"


def day_test(signal: SignalSpec) -> str:
    """The condition on a trait row (text): its day is today or in the next (or last) so many days."""
    days, day = _days(signal), f"({day_of('text')})"
    first, last = (0, days) if signal.trait_operator == NEXT_DAYS else (-days, 0)
    return f"COALESCE({day} BETWEEN %(today)s::date + {first} AND %(today)s::date + {last}, false)"


def day_changes(signal: SignalSpec, n: int) -> str:
    """Rows (subject_id, last_day) from the stage `traits`: the last day for which the test stays as it is."""
    days = _days(signal)
    before, after = (days, 0) if signal.trait_operator == NEXT_DAYS else (0, days)
    return (
        f"SELECT subject_id, CASE WHEN %(today)s::date < day - {before} THEN day - {before} - 1"
        f" WHEN %(today)s::date <= day + {after} THEN day + {after} END AS last_day"
        f"\n        FROM (SELECT subject_id, {day_of('text')} AS day FROM traits"
        f" WHERE name = %(trait_{n}_name)s) AS days_{n}"
    )


def _days(signal: SignalSpec) -> int:
    return int(signal.trait_values[0])
