"""Arriving: anonymous visits, sign-up, invitations, joining, the end of the trial, CRM enrichment."""

from __future__ import annotations

from pqlhub.simulator.account_state import TRIAL_DAYS, AccountState
from pqlhub.simulator.actions import MARKETING_PAGES, Properties
from pqlhub.simulator.population import Account, Person
from pqlhub.simulator.rhythm import DAY, HOUR, MINUTE, SECOND, from_ms


def iso(at: int) -> str:
    """ISO 8601 in UTC with milliseconds, as SDKs write it."""
    return from_ms(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def person_traits(person: Person, created_at: int, source: str) -> Properties:
    """Traits of an identify call."""
    return {
        "email": person.email,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "title": person.title,
        "role": person.role,
        "signup_source": source,
        "createdAt": iso(created_at),
    }


def account_traits(account: Account, plan: str, seats: int) -> Properties:
    """Traits of the group call that the product itself sends."""
    return {
        "name": account.name,
        "website": account.domain,
        "country": account.country.code,
        "region": account.country.region,
        "plan": plan,
        "seats": seats,
        "createdAt": iso(account.signed_up_at),
    }


def visit_before_sign_up(state: AccountState) -> None:
    """Anonymous page views that identify later links to the owner."""
    account, owner, rng, journal = state.account, state.owner, state.rng, state.journal
    visits = int(rng.random() * 6)
    extra = {"utm_campaign": account.source.campaign} if account.source.campaign else {}
    for visit in range(visits):
        at = account.signed_up_at - 4 * MINUTE - int(rng.expovariate(1 / 2) * DAY)
        referrer = account.source.referrer if visit == 0 else ""
        page = rng.choice(MARKETING_PAGES)
        journal.page(at, page, owner.anonymous_id, owner.user_agent, referrer, **extra)
    at = account.signed_up_at - MINUTE
    journal.page(at, "Sign Up", owner.anonymous_id, owner.user_agent, account.source.referrer, **extra)


def sign_up(state: AccountState) -> None:
    """The owner signs up, the account is created and its trial starts."""
    account, owner, journal = state.account, state.owner, state.journal
    at, source = account.signed_up_at, account.source.name
    visit_before_sign_up(state)
    journal.in_browser(at, "", owner, account, person_traits(owner, at, source), "identify")
    journal.in_browser(at + 200, "Signed Up", owner, account, {"source": source})
    journal.in_browser(at + 900, "", owner, account, account_traits(account, "trial", state.seats), "group")
    journal.on_server(at + 1_000, "Account Created", owner, account, {"account_name": account.name})
    trial = {"trial_start_date": iso(at), "trial_end_date": iso(state.trial_ends_at), "days": TRIAL_DAYS}
    journal.on_server(at + 1_100, "Trial Started", owner, account, trial)
    state.joined[0] = at
    _onboard(state)


def _onboard(state: AccountState) -> None:
    """The placebos: dark mode and help, decided before and independently of everything else."""
    account, owner, rng, journal = state.account, state.owner, state.rng, state.journal
    if account.dark_mode:
        at = account.signed_up_at + 2 * MINUTE + int(rng.random() * 10 * MINUTE)
        journal.in_browser(at, "Dark Mode Toggled", owner, account, {"enabled": True})
    for _ in range(account.help_views):
        at = account.signed_up_at + 3 * MINUTE + int(rng.random() ** 3 * 3 * DAY)
        article = rng.choice(("getting-started", "import", "shortcuts", "permissions"))
        journal.in_browser(at, "Help Viewed", owner, account, {"article": article})


def introduce_existing(state: AccountState) -> None:
    """A customer from before the window: the first sync of the integration tells about it."""
    account, rng, journal = state.account, state.rng, state.journal
    at = journal.window.start + int(rng.random() * 2 * HOUR)
    state.plan = account.existing_plan or "free"
    for position, person in enumerate(account.persons):
        if person.joined_at is not None and person.joined_at < journal.window.start:
            state.joined[position] = person.joined_at
            traits = person_traits(person, person.joined_at, account.source.name)
            journal.on_server(at + position * 150, "", person, account, traits, "identify")
        if person.invited_at is not None and person.invited_at < journal.window.start:
            state.unopened = max(state.unopened, position + 1)
    state.seats = max(5, len(state.joined) + 2)
    stage = "customer" if state.is_paying else "lead"
    traits = account_traits(account, state.plan, state.seats) | crm_traits(account, stage)
    journal.on_server(at + 100, "", state.owner, account, traits, "group")


def send_invitations(state: AccountState, day: int, until: int) -> None:
    """Decides every invitation planned before `until`; a dormant account invites nobody."""
    persons = state.account.persons
    while state.unopened < len(persons):
        position, person = state.unopened, persons[state.unopened]
        if person.invited_at is None or person.invited_at >= until:
            return
        state.unopened += 1
        if state.is_dormant(day):
            continue
        data = {"invitee_email": person.email, "invitee_role": person.role}
        state.journal.in_browser(person.invited_at, "Invite Sent", state.owner, state.account, data)
        if person.joined_at is not None:
            state.joining[position] = max(person.joined_at, person.invited_at + MINUTE)


def join(state: AccountState, position: int, at: int) -> None:
    """An invited person accepts and becomes part of the account."""
    account, journal = state.account, state.journal
    person = account.persons[position]
    journal.page(at - 40 * SECOND, "Invitation", person.anonymous_id, person.user_agent)
    if person.role != "guest":  # a guest from another account is identified already
        journal.in_browser(at, "", person, account, person_traits(person, at, "invite"), "identify")
        journal.in_browser(at + 300, "Signed Up", person, account, {"source": "invite"})
    journal.in_browser(at + 500, "Invite Accepted", person, account, {"role": person.role})
    journal.on_server(at + 700, "Account Added User", person, account, {"role": person.role})
    if journal.contains(at):
        state.joined[position] = at
        state.behaviour.invitation_accepted = state.day_of(at)


def end_trial(state: AccountState) -> None:
    """Trials that did not buy fall back to the free plan."""
    account, journal, at = state.account, state.journal, state.trial_ends_at
    state.plan = "free"
    journal.on_server(at, "Trial Ended", state.owner, account, {"converted": False})
    journal.on_server(at + 300, "", state.owner, account, {"plan": "free"}, "group")


def crm_traits(account: Account, stage: str) -> Properties:
    """What the CRM knows: arrives days after sign-up, for some accounts never."""
    return {"industry": account.industry, "employees": account.employees, "crm_stage": stage}


def sync_crm(state: AccountState, day_start: int) -> None:
    """The nightly CRM enrichment, as one group call."""
    stage = "customer" if state.is_paying else "lead"
    traits = crm_traits(state.account, stage)
    at = day_start + 2 * HOUR + int(state.rng.random() * 30 * MINUTE)
    state.journal.on_server(at, "", state.owner, state.account, traits, "group")
