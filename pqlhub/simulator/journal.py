"""Happenings: the compact form of a message while a history is being made."""

from __future__ import annotations

from typing import NamedTuple

from pqlhub.simulator.actions import PAGES, Properties
from pqlhub.simulator.population import Account, Person, Window


class Happening(NamedTuple):
    at: int  # milliseconds, UTC
    stream: str  # with `sequence`: the identity of the message
    sequence: int
    type: str  # identify, group, track or page
    name: str  # event or page name; empty for identify and group
    person: Person | None  # None: an anonymous visitor
    anonymous_id: str | None
    account: Account | None  # None: outside any account
    account_id: str | None
    data: Properties  # properties or traits
    user_agent: str | None  # None: sent by a server


class Journal:
    """Collects the happenings of one stream and keeps only those inside the window."""

    def __init__(self, stream: str, window: Window) -> None:
        self.stream = stream
        self.window = window
        self.happenings: list[Happening] = []

    def contains(self, at: int) -> bool:
        """Whether something that happens then is part of the history."""
        return self.window.start <= at < self.window.end

    def add(
        self, at: int, type_: str, name: str, data: Properties, *, person: Person | None = None,
        account: Account | None = None, account_id: str | None = None, anonymous_id: str | None = None,
        user_agent: str | None = None,
    ) -> None:  # fmt: skip
        """Notes one happening; outside the window it is dropped."""
        if not self.contains(at):
            return
        if account is not None:
            account_id = account.account_id
        self.happenings.append(
            Happening(
                at, self.stream, len(self.happenings), type_, name, person, anonymous_id, account,
                account_id, data, user_agent,
            )
        )  # fmt: skip

    def in_browser(
        self, at: int, name: str, person: Person, account: Account, data: Properties, type_: str = "track"
    ) -> None:
        """A signed-in person's happening in the product."""
        self.add(
            at, type_, name, data, person=person, account=account, anonymous_id=person.anonymous_id,
            user_agent=person.user_agent,
        )  # fmt: skip

    def on_server(
        self, at: int, name: str, person: Person, account: Account, data: Properties, type_: str = "track"
    ) -> None:
        """A happening reported by a server of the product: billing, limits, CRM sync."""
        self.add(at, type_, name, data, person=person, account=account)

    def page(
        self, at: int, name: str, anonymous_id: str, user_agent: str, referrer: str = "", **more: object
    ) -> None:
        """An anonymous page view."""
        data = {"path": PAGES[name], "title": name, "referrer": referrer, **more}
        self.add(at, "page", name, data, anonymous_id=anonymous_id, user_agent=user_agent)
