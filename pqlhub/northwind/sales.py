"""The company's reps. They accept or reject what routing gives them; contacting somebody has the effect that the
simulator's truth says it has, so its holdout measures something real."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from ingestion.models import Account, AccountMembership
from pqlhub.simulator import Truth
from routing import operations as routing
from routing.models import Lead
from scoring.models.definitions import Level
from tenants.audit import Actor

REASONS = ["Not a fit", "Already talking to us", "Student or hobby project", "No budget this year"]
ACCEPTED_SHARE = 0.78
PURCHASE = "Subscription Started"


class SalesTeam:
    """Works leads once a day, seeded: the same history gives the same dispositions, also when it is interrupted."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.rng = Random()
        self.moved: dict[str, datetime] = {}  # accounts that buy at another moment because somebody called

    def work(self, *, now: datetime) -> None:
        """Answer new leads after a while, and say won when an accepted one has bought. Inside the tenant's context."""
        self.rng.seed(f"{self.truth.seed}:sales:{now.isoformat()}")
        waiting = Lead.objects.filter(state=Lead.State.NEW, rep__isnull=False).select_related(
            "rep", "rep__user"
        )
        for lead in waiting.order_by("created_at", "id"):
            if self.rng.random() < 0.25 and now - lead.created_at < timedelta(days=2):
                continue  # a busy day; some answers come late, some too late
            self._answer(lead, now)
        self._close_won(now)

    def _answer(self, lead: Lead, now: datetime) -> None:
        by = Actor("user", lead.rep.user_id if lead.rep else None)
        if self.rng.random() >= ACCEPTED_SHARE:
            reason = self.rng.choice(REASONS)
            routing.dispose(lead=lead, disposition=Lead.Disposition.REJECTED, reason=reason, by=by, now=now)
            return
        routing.dispose(lead=lead, disposition=Lead.Disposition.ACCEPTED, reason="", by=by, now=now)
        self._contact(lead, now)

    def recall(self) -> None:
        """Whom the team has called by now: for who goes on where another process was stopped. Inside the tenant's
        context."""
        accepted = [Lead.Disposition.ACCEPTED, Lead.Disposition.WON, Lead.Disposition.LOST]
        leads = Lead.objects.filter(disposition__in=accepted, responded_at__isnull=False)
        for lead in leads.order_by("responded_at", "created_at", "id"):
            self._contact(lead, lead.responded_at)

    def _contact(self, lead: Lead, now: datetime) -> None:
        account = self._account_key(lead)
        if account not in self.truth.accounts or account in self.moved:
            return
        natural = self.truth.accounts[account].converted_at
        persuaded = self.truth.conversion_if_contacted(account, now)
        if persuaded is not None and persuaded >= now and (natural is None or persuaded < natural):
            self.moved[account] = persuaded

    def _close_won(self, now: datetime) -> None:
        accepted = Lead.objects.filter(state=Lead.State.WORKING, disposition=Lead.Disposition.ACCEPTED)
        for lead in accepted.select_related("rep").order_by("created_at", "id"):
            account = self._account_key(lead)
            bought = self.moved.get(account) or getattr(
                self.truth.accounts.get(account), "converted_at", None
            )
            by = Actor("user", lead.rep.user_id if lead.rep else None)
            if bought is not None and lead.created_at <= bought <= now:
                routing.dispose(lead=lead, disposition=Lead.Disposition.WON, reason="", by=by, now=now)
            elif now - lead.created_at > timedelta(days=30):
                routing.dispose(lead=lead, disposition=Lead.Disposition.LOST, reason="", by=by, now=now)

    def _account_key(self, lead: Lead) -> str:
        if lead.subject_kind == Level.ACCOUNT:
            return str(Account.objects.get(pk=lead.subject_id).key)
        membership = (
            AccountMembership.objects.filter(identity__person_id=lead.subject_id)
            .order_by("valid_from")
            .first()
        )
        return str(membership.account.key) if membership else ""

    def lets_happen(self, message: dict[str, Any]) -> bool:
        """False for the purchase an account would have made later, had nobody called."""
        account = message["context"].get("groupId")
        moved = self.moved.get(account)
        natural = message.get("event") == PURCHASE and not message["messageId"].startswith("nw-called-")
        return moved is None or not natural

    def conversions_of(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """The purchases that a call brought about in [start, end)."""
        return [
            message
            for account, moment in sorted(self.moved.items())
            if start <= moment < end
            for message in self._purchase(account, moment)
        ]

    def _purchase(self, account: str, moment: datetime) -> list[dict[str, Any]]:
        truth = self.truth.accounts[account]
        common = {
            "userId": truth.joined_user_ids[0],
            "context": {"groupId": account, "library": {"name": "analytics-python", "version": "2.4.0"}},
            "timestamp": moment.isoformat(),
        }
        bought = {
            "plan": "team",
            "seats": 3,
            "interval": "month",
            "revenue": 2700,
            "currency": truth.currency,
        }
        return [
            {"type": "track", "messageId": f"nw-called-{account}-1", "event": PURCHASE, "properties": bought}
            | common,
            {
                "type": "group",
                "messageId": f"nw-called-{account}-2",
                "groupId": account,
                "traits": {"plan": "team", "seats": 3, "crm_stage": "customer"},
            }
            | common,
        ]
