"""Asking vendors about accounts: claim in one transaction, ask outside any, store what came back in another.

A claim is a row that says “being asked” until its lease ends, written under the lock of the enrichment. It keeps
two workers from paying twice, and lets a killed one's account be asked about again. It is counted in the day's
budget before the call, so that no crash can spend more than the budget.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import Account, EnrichedAccount, Enrichment
from ingestion.operations.enrichments import TABLE
from ingestion.operations.locks import lock_history
from ingestion.operations.telling import tell_traits
from ingestion.queries.enrichments import (
    LEASE,
    SLICE,
    Due,
    answers_about,
    budget_today,
    due_accounts,
    is_asking,
)
from ingestion.rules.enrichment import (
    MOST_ATTEMPTS,
    PLACE,
    Outcome,
    Reading,
    first_company_domain,
    pause_after,
    read_answer,
)
from ingestion.rules.json_text import parse_json
from ingestion.rules.precedence import ENRICHMENT
from tenants import audit
from tenants.audit import Actor
from tenants.connectors.http import Answer, ask
from tenants.context import current_tenant_id, tenant_context
from tenants.leaving import why_nothing_leaves
from tenants.queries import get_tenant
from tenants.rules.retry_after import read_retry_after
from tenants.secret_box import CannotOpen, open_sealed

Clock = Callable[[], datetime]
Status = EnrichedAccount.Status
BY = Actor("enrichment")
LOOK_AGAIN = timedelta(
    hours=1
)  # for accounts that are new, changed their domain, or whose answers became old
LARGEST_ANSWER = 256 * 1024
CALL_SECONDS = 8.0  # a slice with its last call stays within the lease of the work
SHOWN = 20_000  # characters of an answer on a page


@dataclass(frozen=True)
class Call:
    """One question: all that it needs, so that asking touches no database."""

    enrichment_id: UUID
    row_id: int
    asked_at: datetime
    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Step:
    """What claiming came to: a question to ask, accounts up to `after` seen, or (next_at) nothing to do until then."""

    after: int = 0
    call: Call | None = None
    next_at: datetime | None = None


@dataclass(frozen=True)
class Trial:
    """A dry run: the answer as a page shows it, and what each line of the mapping gives (path, trait, value)."""

    domain: str
    reading: Reading
    status: int | None
    answer: str
    traits: Sequence[tuple[str, str, object]]


def continue_enrichment(*, tenant_id: int, clock: Clock, seconds: float) -> datetime | None:
    """Ask about accounts that are due, one after the other, for some seconds. Answers when to call again; None: no
    enrichment is on. Call it outside any transaction; it opens its own tenant contexts."""
    deadline = time.monotonic() + seconds
    with tenant_context(tenant_id):
        if why_nothing_leaves():
            return None
        keys = list(Enrichment.objects.filter(is_enabled=True).order_by("pk").values_list("pk", flat=True))
    moments = []
    for key in keys:
        step = Step()
        while step.next_at is None:
            with tenant_context(tenant_id):
                step = _claim(key, after=step.after, now=clock())
            if step.call is not None:
                answer = _ask(step.call.url, step.call.headers)
                with tenant_context(tenant_id):
                    _finish(step.call, answer, clock())
            if time.monotonic() >= deadline:  # asked after the step: every call gets somewhere
                return clock()
        moments.append(step.next_at)
    return min(moments, default=None)


def _claim(key: UUID, *, after: int, now: datetime) -> Step:
    """The next question, or why there is none."""
    enrichment = Enrichment.objects.select_for_update().filter(pk=key, is_enabled=True).first()
    if enrichment is None:
        return Step(next_at=now + LOOK_AGAIN)
    if enrichment.open_again_at and enrichment.open_again_at > now:
        return Step(next_at=enrichment.open_again_at)
    found = due_accounts(enrichment, after=after, now=now)
    lock_history()
    alive = set(Account.objects.filter(pk__in=[due.account_id for due in found]).values_list("pk", flat=True))
    step = _first_question(enrichment, [due for due in found if due.account_id in alive], now)
    if step is not None:
        return step
    if len(found) == SLICE:
        return Step(after=found[-1].account_id)
    return Step(next_at=now + (LEASE if is_asking(enrichment, now=now) else LOOK_AGAIN))


def _first_question(enrichment: Enrichment, found: Sequence[Due], now: datetime) -> Step | None:
    """Settle accounts without a call where that is possible, up to the first that needs one."""
    domains = {due.account_id: first_company_domain(due.said.splitlines()) for due in found}
    known = answers_about(enrichment, domains.values(), now=now)
    _put([_row(enrichment, due, "", Status.NO_DOMAIN, now) for due in found if not domains[due.account_id]])
    for due in found:
        domain = domains[due.account_id]
        if domain and domain not in known:
            return _question(enrichment, due, domain, now)
        if domain and known[domain].status != Status.ASKING:
            answer = known[domain]
            row = _row(enrichment, due, domain, answer.status, answer.asked_at)
            row.words = answer.words
            _settle(_put([row])[0], due.key, answer.traits, now)
    return None


def _question(enrichment: Enrichment, due: Due, domain: str, now: datetime) -> Step:
    today = budget_today(enrichment, zone=_zone(), now=now)
    if not today.left:
        return Step(next_at=today.next_at)
    try:
        headers = _headers(enrichment)
    except CannotOpen:
        _leave_alone(enrichment, _("The key cannot be read any more. Type it again."), LOOK_AGAIN, now)
        return Step(next_at=now + LOOK_AGAIN)
    _spend(enrichment, now)
    row = _put([_row(enrichment, due, domain, Status.ASKING, now)])[0]
    call = Call(enrichment.pk, row.pk, now, enrichment.url.replace(PLACE, domain), headers)
    return Step(after=due.account_id, call=call)


def _row(enrichment: Enrichment, due: Due, domain: str, status: str, asked_at: datetime) -> EnrichedAccount:
    return EnrichedAccount(
        enrichment=enrichment,
        account_id=due.account_id,
        said=due.said,
        domain=domain,
        status=status,
        asked_at=asked_at,
    )


def _put(rows: list[EnrichedAccount]) -> list[EnrichedAccount]:
    """Add them, or change what is there; how often a vendor failed at an account stays counted. 1 query."""
    return EnrichedAccount.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["tenant", "account", "enrichment"],
        update_fields=["said", "domain", "status", "words", "asked_at"],
    )


def _headers(enrichment: Enrichment) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "PQL-Hub"}
    if enrichment.secret:
        headers[enrichment.header_name] = _secret(enrichment)
    return headers


def _secret(enrichment: Enrichment) -> str:
    sealed = enrichment.secret
    return open_sealed(sealed, table=TABLE, key=enrichment.pk, field="secret") if sealed else ""


def _spend(enrichment: Enrichment, now: datetime) -> None:
    """Count a call; under the lock of the enrichment."""
    zone = _zone()
    enrichment.calls_today = budget_today(enrichment, zone=zone, now=now).used + 1
    enrichment.calls_day = now.astimezone(zone).date()
    enrichment.save(update_fields=["calls_today", "calls_day"])


def _zone() -> ZoneInfo:
    return get_tenant(current_tenant_id()).zone


def _ask(url: str, headers: dict[str, str]) -> Answer:
    return ask(
        url=url,
        headers=headers,
        allow_private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES,
        largest=LARGEST_ANSWER,
        total_seconds=CALL_SECONDS,
    )


def _finish(call: Call, answer: Answer, now: datetime) -> None:
    """Store the answer, unless the claim was lost meanwhile: to another worker, or with the account."""
    enrichment = Enrichment.objects.select_for_update().filter(pk=call.enrichment_id).first()
    lock_history()
    row = (
        EnrichedAccount.objects.select_related("account")
        .filter(pk=call.row_id, status=Status.ASKING, asked_at=call.asked_at)
        .first()
    )
    if enrichment is None or row is None:
        return
    reading = read_answer(answer.status, answer.body, answer.error, enrichment.mapping)
    if reading.outcome == Outcome.LATER:
        _try_later(enrichment, row, reading, answer, now)
        return
    Enrichment.objects.filter(pk=enrichment.pk).update(failures_in_a_row=0, open_again_at=None, trouble="")
    row.status, row.words = reading.outcome.value, reading.words[:200]
    _settle(row, row.account.key, reading.traits, now)


def _settle(row: EnrichedAccount, key: str, traits: dict[str, object], now: datetime) -> None:
    """Remember what was answered, and tell it of the account. Values that cannot be kept make it an error."""
    row.traits, row.attempts = traits, 0
    try:
        if traits:
            tell_traits(
                about="account", key=key, traits=traits, origin=ENRICHMENT, at=row.asked_at, by=BY, now=now
            )
    except ValidationError as refusal:
        row.status, row.words, row.traits = Status.FAILED, " ".join(refusal.messages)[:200], {}
    row.save()


def _try_later(
    enrichment: Enrichment, row: EnrichedAccount, reading: Reading, answer: Answer, now: datetime
) -> None:
    """The account waits, and the vendor is left alone. A domain at which the vendor fails again and again may not hold
    up all others: it becomes an error for a while."""
    row.attempts += 0 if reading.is_vendors else 1
    is_hopeless = row.attempts >= MOST_ATTEMPTS
    row.status, row.words = (Status.FAILED if is_hopeless else Status.WAITING), reading.words[:200]
    row.attempts = 0 if is_hopeless else row.attempts
    row.save()
    asked = read_retry_after(answer.retry_after, now=now)
    _leave_alone(enrichment, reading.words, pause_after(enrichment.failures_in_a_row + 1, asked), now)


def _leave_alone(enrichment: Enrichment, words: str, pause: timedelta, now: datetime) -> None:
    enrichment.failures_in_a_row = min(enrichment.failures_in_a_row + 1, 1_000)
    enrichment.open_again_at, enrichment.trouble = now + pause, words[:200]
    enrichment.save(update_fields=["failures_in_a_row", "open_again_at", "trouble"])


def try_enrichment(*, enrichment: Enrichment, domain: str, by: Actor, now: datetime) -> Trial:
    """Ask about one domain and say what would be told, without telling it. Counts as a call of today, as the vendor
    counts it. Raises ValidationError."""
    if because := why_nothing_leaves():
        raise ValidationError(because)
    asked = first_company_domain([domain])
    if not asked:
        raise ValidationError({"domain": _("Write the domain of a company, for example acme.com.")})
    try:
        headers, secret = _headers(enrichment), _secret(enrichment)
    except CannotOpen as error:
        raise ValidationError(_("The key cannot be read any more. Type it again.")) from error
    if not budget_today(enrichment, zone=_zone(), now=now).left:
        raise ValidationError(_("Today's calls are used up. Raise the number, or try tomorrow."))
    answer = _ask(enrichment.url.replace(PLACE, asked), headers)
    _count_trial(enrichment, by, now)  # afterwards: nobody may wait for the vendor with us
    body = _without(secret, answer.body)
    reading = read_answer(answer.status, body, answer.error, enrichment.mapping)
    return Trial(
        asked,
        reading,
        answer.status,
        _shown(body),
        [(row["path"], row["trait"], reading.traits.get(row["trait"])) for row in enrichment.mapping],
    )


@transaction.atomic
def _count_trial(enrichment: Enrichment, by: Actor, now: datetime) -> None:
    row = Enrichment.objects.select_for_update().get(pk=enrichment.pk)
    _spend(row, now)
    audit.record(by=by, verb="enrichment.tried", target=row, fields=["calls_today"], now=now)


def _without(secret: str, body: str) -> str:
    """A vendor that says the key back does not make us show it, neither whole nor without “Bearer”."""
    for part in [secret, *secret.split()[-1:]]:
        body = body.replace(part, "•••") if part else body
    return body


def _shown(body: str) -> str:
    """The answer for a page, indented if it is JSON."""
    try:
        return orjson.dumps(parse_json(body.encode()), option=orjson.OPT_INDENT_2).decode()[:SHOWN]
    except (ValueError, TypeError):
        return body[:SHOWN]
