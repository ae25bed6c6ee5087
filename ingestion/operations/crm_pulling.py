"""Reading CRMs: look up the place in one transaction, ask outside any, store what came with the next place in another.

The place moves with what was read, so a killed worker loses a question and nothing else. An answer counts only while
the place is where it was asked for, so two workers cannot skip records, and a page that is read twice says nothing new.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ingestion.models import CrmConnection, TraitValue
from ingestion.operations.crm_connections import TABLE
from ingestion.operations.telling import item_about, tell_several
from ingestion.queries.crm import Subject, said_by_crm, subjects_of
from ingestion.rules.crm import (
    OVERLAP,
    PAGE_SIZE,
    SALESFORCE,
    USUAL_MATCH,
    CrmTrouble,
    PageRead,
    Question,
    Record,
    fields_asked,
    question,
    read_page,
    read_token,
    token_question,
)
from ingestion.rules.enrichment import pause_after
from ingestion.rules.traits import canonical_name
from tenants.connectors.http import Answer, ask
from tenants.context import tenant_context
from tenants.leaving import why_nothing_leaves
from tenants.rules.retry_after import read_retry_after
from tenants.secret_box import CannotOpen, open_sealed

Clock = Callable[[], datetime]
ALL_EVERY = timedelta(hours=24)  # for accounts that came after their record had been read
LARGEST_ANSWER = 8 * 1024 * 1024
CALL_SECONDS = 8.0  # a slice with its last call stays within the lease of the work
BAD_KEPT, TRIED = 20, 10
Place = tuple[int, datetime | None, str]  # edition, beginning of the round, last record id


@dataclass(frozen=True)
class TriedRecord:
    """A record of a dry run: whose it is here, and what it would tell."""

    record: Record
    subjects: Sequence[Subject]


def continue_crm_pulls(*, tenant_id: int, clock: Clock, seconds: float) -> datetime | None:
    """Read each CRM on, for some seconds together. Answers when to call again; None: none is on. Call it outside any
    transaction; it opens its own tenant contexts."""
    with tenant_context(tenant_id):
        if why_nothing_leaves():
            return None
        keys = list(CrmConnection.objects.filter(is_enabled=True).order_by("pk").values_list("pk", flat=True))
    share = seconds / max(1, len(keys))  # a CRM of a million records does not keep the others waiting
    return min((_pull(tenant_id, key, clock, time.monotonic() + share) for key in keys), default=None)


def _pull(tenant_id: int, key: UUID, clock: Clock, deadline: float) -> datetime:
    token = ""
    while True:
        with tenant_context(tenant_id):
            step = _next_step(key, clock())
            secret = "" if token or isinstance(step, datetime) else _secret(step)
        if isinstance(step, datetime):
            return step
        retry_after = ""
        try:
            token = token or _token(step, secret)
            answer = _ask(step, _question(step), token)
            retry_after = answer.retry_after
            found = _read(step, answer, PAGE_SIZE[step.kind])
        except CrmTrouble as trouble:
            with tenant_context(tenant_id):
                return _leave_alone(step, trouble, retry_after, clock())
        with tenant_context(tenant_id):
            _take(step, found, clock())
        if time.monotonic() >= deadline:  # asked after the step: every call gets somewhere
            return clock()


def _next_step(key: UUID, now: datetime) -> CrmConnection | datetime:
    """The connection at the place to ask from, in a round that goes on or was due; or the moment to look again."""
    row = CrmConnection.objects.select_for_update().filter(pk=key, is_enabled=True).first()
    if row is None:
        return now + ALL_EVERY
    if row.open_again_at and row.open_again_at > now:
        return row.open_again_at
    if row.round_at is None:
        due_at = row.round_done_at + timedelta(minutes=row.every_minutes) if row.round_done_at else now
        if due_at > now:
            return due_at
        _begin_round(row, now)
    return row


def _begin_round(row: CrmConnection, now: datetime) -> None:
    if row.all_read_at is None or now - row.all_read_at >= ALL_EVERY:
        row.since, row.all_read_at = None, now
    row.round_at, row.after_id, row.bad = now, "", []
    row.records_read = row.records_told = row.records_unknown = row.records_bad = 0
    row.save()


def _place(row: CrmConnection) -> Place:
    return (row.edition, row.round_at, row.after_id)


def _question(row: CrmConnection, limit: int | None = None) -> Question:
    return question(
        row.kind,
        row.about,
        fields_asked(_match_field(row), row.mapping),
        since=row.since,
        after_id=row.after_id,
        limit=limit or PAGE_SIZE[row.kind],
    )


def _match_field(row: CrmConnection) -> str:
    return row.match_field or USUAL_MATCH[row.kind, row.about]


def _secret(row: CrmConnection) -> str:
    """The key, "" when it cannot be read any more."""
    try:
        return open_sealed(row.secret, table=TABLE, key=row.pk, field="secret") if row.secret else ""
    except CannotOpen:
        return ""


def _token(row: CrmConnection, secret: str) -> str:
    """What goes behind “Bearer”. Raises CrmTrouble."""
    if not secret:
        raise CrmTrouble(_("The key cannot be read any more. Type it again."))
    if row.kind != SALESFORCE:
        return secret
    answer = _ask(row, token_question(row.client_id, secret), "")
    return read_token(answer.status, answer.body, answer.error)


def _ask(row: CrmConnection, asked: Question, token: str) -> Answer:
    headers = {"Accept": "application/json", "User-Agent": "PQL-Hub", "Content-Type": asked.content_type}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return ask(
        url=row.url + asked.path,
        headers=headers,
        body=asked.body,
        allow_private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES,
        largest=LARGEST_ANSWER,
        total_seconds=CALL_SECONDS,
    )


def _read(row: CrmConnection, answer: Answer, limit: int) -> PageRead:
    return read_page(
        row.kind,
        row.about,
        answer.status,
        answer.body,
        answer.error,
        match_field=_match_field(row),
        mapping=row.mapping,
        limit=limit,
    )


def _take(asked: CrmConnection, found: PageRead, now: datetime) -> None:
    """Store what was read, and move on; nothing when the place is another meanwhile."""
    row = CrmConnection.objects.select_for_update().filter(pk=asked.pk).first()
    if row is None or _place(row) != _place(asked):
        return
    problems = {record.id: record.problem for record in found.records if record.problem}
    subjects = subjects_of(row, (record.match for record in found.records))
    news = _news(row, found.records, subjects, now)
    refused = tell_several(news.values(), origin=int(TraitValue.Origin.CRM), now=now)
    told = {record_id for (record_id, _key), item in news.items() if item["messageId"] not in refused}
    problems |= {
        record_id: refused[item["messageId"]]
        for (record_id, _key), item in news.items()
        if item["messageId"] in refused
    }
    row.records_read += len(found.records)
    row.records_told += len(told)
    row.records_unknown += sum(
        not subjects.get(each.match.strip()) and not each.problem for each in found.records
    )
    row.records_bad += len(problems)
    row.bad = [*row.bad, *([id, words[:200]] for id, words in problems.items())][:BAD_KEPT]
    row.failures_in_a_row, row.open_again_at, row.trouble = 0, None, ""
    if found.last_id is None:
        row.since, row.after_id = (row.round_at or now) - OVERLAP, ""
        row.round_at, row.round_done_at = None, now
    else:
        row.after_id = found.last_id
    row.save()


def _news(
    row: CrmConnection, records: Sequence[Record], subjects: dict[str, list[Subject]], now: datetime
) -> dict[tuple[str, str], dict[str, Any]]:
    """By record and subject, as a product would send it: what the CRM has not said before. A record that changed
    in another field says nothing."""
    is_account = row.about == CrmConnection.About.ACCOUNT
    kind = TraitValue.Subject.ACCOUNT if is_account else TraitValue.Subject.IDENTITY
    names = {name for record in records for name in record.traits}
    ids = {subject.id for found in subjects.values() for subject in found}
    said = said_by_crm(int(kind), ids, {canonical_name(name) for name in names})
    missing = object()
    news = {}
    for record in records:
        at = min(record.changed_at or now, now)
        for subject in subjects.get(record.match.strip(), ()):
            fresh = {
                name: value
                for name, value in record.traits.items()
                if said.get((subject.id, canonical_name(name)), missing) != value
            }
            if fresh:
                mark = f"crm-{row.pk}-{row.edition}-{record.id}-{subject.id}-{at.isoformat()}"
                news[record.id, subject.key] = item_about(
                    row.about, subject.key, fresh, at=at, message_id=mark
                )
    return news


def _leave_alone(asked: CrmConnection, trouble: CrmTrouble, retry_after: str, now: datetime) -> datetime:
    """Note the trouble, and say when to ask again: as the CRM wants, else later with each failure."""
    row = CrmConnection.objects.select_for_update().filter(pk=asked.pk).first()
    if row is None or row.edition != asked.edition:
        return now
    row.failures_in_a_row = min(row.failures_in_a_row + 1, 1_000)
    wanted = read_retry_after(retry_after, now=now)
    pause = max(pause_after(row.failures_in_a_row, wanted), trouble.pause or timedelta())
    row.open_again_at, row.trouble = now + pause, str(trouble)[:300]
    row.save(update_fields=["failures_in_a_row", "open_again_at", "trouble"])
    return now + pause


def try_crm(*, connection: CrmConnection) -> list[TriedRecord]:
    """Ask for the first records and say whose they are and what they would tell, without telling it. Raises
    ValidationError in words for the page. Call it with no lock held: somebody waits for the CRM."""
    if because := why_nothing_leaves():
        raise ValidationError(because)
    row = CrmConnection(
        **{field.attname: getattr(connection, field.attname) for field in connection._meta.fields}
    )
    row.since, row.after_id = None, ""
    try:
        answer = _ask(row, _question(row, TRIED), _token(row, _secret(row)))
        found = _read(row, answer, TRIED)
    except CrmTrouble as trouble:
        raise ValidationError(str(trouble)) from trouble
    subjects = subjects_of(row, (record.match for record in found.records))
    return [TriedRecord(record, subjects.get(record.match.strip(), [])) for record in found.records]
