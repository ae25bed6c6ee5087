"""The figures of the reports, counted one by one from the rows: slow, and plain enough to be believed."""

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from experiments.models import Exposure
from ingestion.models import Account, Activity, Identity, Outcome, Person
from reports.reports import Question
from reports.stats import Grain, Proportion, cut_cohorts, kaplan_meier
from routing.models import Lead
from scoring.models import Definition, Level, Qualification, QualificationEvent, Score, Version
from scoring.rules.windows import local_date, local_midnight
from tests.factories.scoring import version_of

ACCEPTED = ("accepted", "sql", "opportunity", "won", "lost")


class Naive:
    """Answers one question about the tenant of this context, from all of its rows. Sheets as the reports write them,
    without their headers."""

    def __init__(self, question: Question) -> None:
        self.question, self.now = question, question.now
        self.sees, self.band = question.sees_held_out, question.band
        self.start, self.end = question.cohorts.start, question.cohorts.end
        self.people = {row.pk: row for row in Person.objects.all()}
        self.leads = {row.qualification_id: row for row in Lead.objects.all()}
        entered = QualificationEvent.objects.filter(kind="entered")
        self.entered = dict(entered.values_list("qualification_id", "band"))
        self.pqls = sorted(Qualification.objects.all(), key=lambda row: (row.opened_at, row.pk))
        self.arms = {
            row.action_ref: "held out" if row.assignment.arm.is_control else "worked"
            for row in Exposure.objects.select_related("assignment__arm")
        }

    # What a definition's figures are made of

    def subject(self, kind: int, key: int) -> int:
        while kind == Level.PERSON and key in self.people and self.people[key].merged_into_id:
            key = self.people[key].merged_into_id
        return key

    def is_held_out(self, pql: Qualification) -> bool:
        return pql.pk in self.leads and self.leads[pql.pk].state == "held_out"

    def is_shown(self, pql: Qualification) -> bool:
        return self.sees or (pql.pk in self.leads and not self.is_held_out(pql))

    def hidden(self, definition: Definition) -> set[int]:
        held = [row for row in self.pqls if row.definition_id == definition.pk and self.is_held_out(row)]
        return set() if self.sees else {self.subject(row.subject_kind, row.subject_id) for row in held}

    def episodes(self, definition: Definition) -> dict[int, list[Qualification]]:
        found = defaultdict(list)
        for row in self.pqls:
            counts = (
                row.definition_id == definition.pk and row.state != "merged" and row.opened_at <= self.now
            )
            if counts and self.is_shown(row):
                found[self.subject(row.subject_kind, row.subject_id)].append(row)
        return found

    def entry_band(self, pql: Qualification) -> str:
        return self.entered[pql.pk]

    def in_band(self, pql: Qualification) -> bool:
        return not self.band or self.entry_band(pql) == self.band

    def sign_ups(self, definition: Definition) -> dict[int, Any]:
        subjects = (
            self.people if definition.level == Level.PERSON else {a.pk: a for a in Account.objects.all()}
        )
        moments = {}
        for key, row in subjects.items():
            if row.exclusion or key in self.hidden(definition):
                continue
            if definition.level == Level.PERSON and row.merged_into_id:
                continue
            at = self.signed_up_at(definition, key, row)
            if at is not None and self.start <= at < self.end and at < self.now:
                moments[key] = at
        return moments

    def signed_up_at(self, definition: Definition, key: int, row: Any) -> Any:
        action = definition.motion.start_action
        if action is None:
            return row.first_seen_at if definition.level == Level.ACCOUNT or row.is_identified else None
        did = Activity.objects.filter(action_version_id=version_of(action), exclusion=0)
        if definition.level == Level.ACCOUNT:
            did = did.filter(account_id=key)
        else:
            did = did.filter(
                identity_id__in=Identity.objects.filter(person_id=key).values_list("pk", flat=True)
            )
        return min((event.ts for event in did if event.ts < self.now), default=None)

    def arrivals(self, definition: Definition) -> list[tuple[int, Any, Any, str]]:
        """(subject, signed up at, first PQL or None, why it is left out or "")."""
        published = Version.objects.filter(definition=definition).values_list("published_at", flat=True)
        live_since = min((at for at in published if at), default=None)
        episodes, found = self.episodes(definition), []
        for key, at in self.sign_ups(definition).items():
            own = [row for row in episodes.get(key, ()) if self.in_band(row)]
            first = min(own, key=lambda row: (row.triggered_at, row.pk), default=None)
            why = "pql before" if first and first.triggered_at < at else ""
            found.append((key, at, first, "too early" if live_since is None or at < live_since else why))
        return found

    def followed(self, definition: Definition, band: str) -> list[dict[str, Any]]:
        window = timedelta(days=definition.motion.goal_window_days)
        moments = defaultdict(list)
        for row in Outcome.objects.filter(goal=definition.motion_id, subject_kind=definition.level):
            if row.at <= self.now and row.received_at <= self.now:
                moments[self.subject(row.subject_kind, row.subject_id)].append(row.at)
        found = []
        for key, rows in self.episodes(definition).items():
            first = rows[0]
            if key in self.hidden(definition) or not self.start <= first.opened_at < self.end:
                continue
            if band and self.entry_band(first) != band:
                continue
            end = first.opened_at + window
            reached = min((at for at in moments[key] if at >= first.opened_at), default=None)
            lead = self.leads.get(first.pk)
            found.append(
                {
                    "cohort": self.cohort(first.opened_at),
                    "band": self.entry_band(first),
                    "arm": self.arms.get(str(lead.pk), "") if lead and self.sees else "",
                    "before": any(at < first.opened_at for at in moments[key]),
                    "mature": end <= self.now,
                    "reached": reached is not None and reached < end,
                }
            )
        return found

    def cohort(self, at: Any) -> str:
        edges = self.question.cohorts.edges
        return self.question.cohorts.first_days[sum(edge <= at for edge in edges) - 1].isoformat()

    # The sheets

    def trend(self) -> list[list[object]]:
        chosen = [self.question.definition] if self.question.definition else self.question.definitions
        names = {row.pk: str(row) for row in chosen}
        seen, new, again = set(), Counter(), Counter()
        for row in self.pqls:
            if row.definition_id not in names or row.state == "merged" or row.opened_at > self.now:
                continue
            is_again = (row.definition_id, row.subject_id) in seen
            seen.add((row.definition_id, row.subject_id))
            if self.start <= row.opened_at < self.end and self.is_shown(row) and self.in_band(row):
                key = (self.cohort(row.opened_at), names[row.definition_id], self.entry_band(row))
                new[key] += 1
                again[key] += is_again
        return [[*key, number, again[key]] for key, number in sorted(new.items())]

    def open_now(self) -> int:
        chosen = [self.question.definition] if self.question.definition else self.question.definitions
        keys = {row.pk for row in chosen}
        rows = [row for row in self.pqls if row.definition_id in keys and row.state == "open"]
        return sum(self.is_shown(row) and self.band in ("", row.band) for row in rows)

    def rate(self, definition: Definition) -> list[list[object]]:
        window, cohorts = self.question.window, defaultdict(list)
        for _key, at, first, why in self.arrivals(definition):
            if not why:
                mature = at + window <= self.now
                in_time = mature and first is not None and first.triggered_at < at + window
                cohorts[self.cohort(at)].append((mature, in_time))
        rows = []
        for day, found in sorted(cohorts.items()):
            mature, in_time = (sum(values) for values in zip(*found, strict=True))
            rows.append([day, len(found), mature, in_time, *_shares(in_time, mature)])
        return rows

    def left_out(self, definition: Definition) -> Counter[str]:
        return Counter(why for *_facts, why in self.arrivals(definition) if why)

    def speed(self, definition: Definition) -> list[list[object]]:
        hour, reached, censored = timedelta(hours=1), Counter(), Counter()
        for _key, at, first, why in self.arrivals(definition):
            if not why and first:
                reached[(first.triggered_at - at) // hour + 1] += 1
            elif not why:
                censored[(self.now - at) // hour] += 1
        curve = kaplan_meier(reached, censored)
        ticks = curve.ticks if curve.total >= 20 else ()
        return [[tick.time, round(1 - tick.waiting, 6), tick.at_risk] for tick in ticks]

    def conversion(self, definition: Definition) -> list[list[object]]:
        groups = defaultdict(list)
        for item in self.followed(definition, self.band):
            if not item["before"]:
                groups[item["cohort"], item["band"]].append(item)
        days = definition.motion.goal_window_days
        return [[*key, *_outcomes(items, with_shares=True), days] for key, items in sorted(groups.items())]

    def arm_totals(self, definition: Definition) -> dict[str, tuple[object, ...]]:
        groups = defaultdict(list)
        for item in self.followed(definition, self.band):
            if item["arm"] and not item["before"]:
                groups[item["arm"]].append(item)
        return {arm: tuple(_outcomes(items)) for arm, items in groups.items()}

    def funnel(self, definition: Definition) -> list[list[object]]:
        versions = Version.objects.filter(definition=definition)
        scored = set(Score.objects.filter(version__in=versions).values_list("subject_id", flat=True))
        counts: Counter[str] = Counter()
        episodes = self.episodes(definition)
        for key, _at, first, _why in self.arrivals(definition):
            own = [row for row in episodes.get(key, ()) if self.in_band(row)]
            said = {self.leads[row.pk].disposition for row in own if row.pk in self.leads}
            routed = any(row.pk in self.leads and not self.is_held_out(row) for row in own)
            counts["signed_up"] += 1
            counts["scored"] += first is not None or key in scored
            counts["pql"] += first is not None
            counts["routed"] += routed
            counts["accepted"] += routed and bool(said & set(ACCEPTED))
            counts["won"] += routed and "won" in said
        return [
            [stage, counts[stage]] for stage in ("signed_up", "scored", "pql", "routed", "accepted", "won")
        ]

    def health(self) -> list[list[object]]:
        return [self.health_of(definition) for definition in self.question.definitions]

    def health_of(self, definition: Definition) -> list[object]:
        live = Version.objects.filter(definition=definition, state="live").first()
        scores = list(Score.objects.filter(version=live)) if live else []
        last = max((row.computed_at for row in scores), default=None)
        goal = _outcomes([item for item in self.followed(definition, "") if not item["before"]])
        leads = [
            lead
            for row in self.pqls
            if row.definition_id == definition.pk
            for lead in [self.leads.get(row.pk)]
        ]
        leads = [
            row
            for row in leads
            if row and row.state != "held_out" and self.start <= row.created_at < self.end
        ]
        reasons = Counter(
            row.rejection_reason.strip().lower() for row in leads if row.disposition == "rejected"
        )
        ranked = sorted(
            ((name, n) for name, n in reasons.items() if name), key=lambda item: (-item[1], item[0])
        )
        return [
            str(definition), live.number if live else None, self.lately(definition, 7), self.lately(definition, 30),
            len(scores), sum(row.is_qualified for row in scores), *goal, _shares(goal[2], goal[1])[0], len(leads),
            sum(row.disposition != "" for row in leads), sum(row.disposition in ACCEPTED for row in leads),
            "; ".join(f"{name} ({number})" for name, number in ranked[:3]),
            last.astimezone(self.question.zone).isoformat(timespec="seconds") if last else None,
        ]  # fmt: skip

    def lately(self, definition: Definition, number: int) -> int:
        zone = self.question.zone
        today = local_date(self.now, zone)
        days = cut_cohorts(
            today - timedelta(days=number - 1),
            today,
            Grain.DAY,
            midnight=lambda day: local_midnight(day, zone),
        )
        rows = [row for row in self.pqls if row.definition_id == definition.pk and row.state != "merged"]
        rows = [row for row in rows if days.start <= row.opened_at <= self.now and row.opened_at < days.end]
        return sum(self.is_shown(row) for row in rows)


def _shares(count: int, total: int) -> list[float | None]:
    share = Proportion(count, total)
    values = (share.share, *(share.interval or (None, None)))
    return [None if value is None else round(value, 6) for value in values]


def _outcomes(items: list[dict[str, Any]], *, with_shares: bool = False) -> list[object]:
    """Total, finished, and how many of those reached the goal."""
    mature = [item for item in items if item["mature"]]
    reached = sum(item["reached"] for item in mature)
    return [len(items), len(mature), reached, *(_shares(reached, len(mature)) if with_shares else [])]
