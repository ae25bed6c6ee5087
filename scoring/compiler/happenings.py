"""The single events and traits behind a score, for the moment that tipped it and for the evidence shown to people."""

from typing import Any

from scoring.compiler.compiled import Compiled, compiled, window_of
from scoring.compiler.signals import inside_window
from scoring.compiler.sources import activity_rows, reads_activity, trait_rows
from scoring.compiler.traits import reads_traits, trait_conditions, trait_constants
from scoring.compiler.usage import usage_constants, usage_stages, used_since
from scoring.rules.spec import ON_EVENTS, Spec


def compile_happenings(spec: Spec) -> Compiled:
    """Rows (subject_id, ts, local_day, number, places): every event that counts for some signal at as_of, and every
    trait that makes one true, dated from when it holds. `places` are the signals' places in the spec, from 0. For a few
    subjects, never for None."""
    parts, stages = [], []
    constants: dict[str, Any] = {}
    inside = {
        place: inside_window(signal, window_of(signal))
        for place, signal in enumerate(spec.signals)
        if signal.kind in ON_EVENTS
    }
    if reads_activity(spec):
        stages.append(f"activity AS ({activity_rows(spec, few=True)}\n)")
    if inside:
        parts.append(_part("ts, local_day, number", inside, "activity"))
    if reads_traits(spec):
        constants |= trait_constants(spec)
        stages.append(f"traits AS ({trait_rows(spec, few=True)}\n)")
        held = {n - 1: condition for n, condition in trait_conditions(spec).items()}
        if held:
            parts.append(_part("valid_from, NULL::date, NULL::numeric", held, "traits"))
    for n, signal in enumerate(spec.signals, start=1):
        if signal.usage:
            constants |= usage_constants(signal.usage, n)
            stages += [f"{name} AS ({body}\n)" for name, body in usage_stages(signal, n)]
            columns = f"subject_id, ts, NULL::date, NULL::numeric, ARRAY[{n - 1}] AS places"
            parts.append(f"\nSELECT {columns} FROM ({used_since(signal, n)}) AS since_{n}")
    return compiled(spec, "WITH " + ",\n".join(stages) + "\nUNION ALL\n".join(parts), constants)


def _part(columns: str, conditions: dict[int, str], source: str) -> str:
    places = ", ".join(f"CASE WHEN {condition} THEN {place} END" for place, condition in conditions.items())
    anywhere = " OR ".join(f"({condition})" for condition in conditions.values())
    return (
        f"\nSELECT subject_id, {columns}, array_remove(ARRAY[{places}], NULL) AS places"
        f"\nFROM {source} WHERE {anywhere}"
    )
