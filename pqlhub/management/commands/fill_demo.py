"""Fills an empty installation with a company that has used PQL Hub for months. Part of `make demo`."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pqlhub.demo.state import ACCOUNTS, DAYS, SEED, DemoState, save_state, state_file
from pqlhub.embedded.cluster import free_port
from pqlhub.northwind.act import arrange_acting, connect_automation
from pqlhub.northwind.company import COMPANY, Company, found_company
from pqlhub.northwind.past import days_of, ensure_partitions, live_through
from pqlhub.northwind.sales import SalesTeam
from pqlhub.simulator import History, simulate
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tenants.operations import create_tenant, create_user

BAR = 30


class Command(BaseCommand):
    help = "Create the demo's company and live through its history. Refuses when a tenant “northwind” exists."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--accounts", type=int, default=ACCOUNTS, help="how many customer accounts to simulate"
        )
        parser.add_argument("--days", type=int, default=DAYS, help="length of the history")

    def handle(self, *, accounts: int, days: int, **options: Any) -> None:
        if Tenant.objects.filter(slug="northwind").exists():
            raise CommandError(
                f"The tenant “northwind” exists but {state_file(settings.HOME)} does not: a fill was interrupted."
                " Remove it with `manage.py tenant suspend northwind` and\n"
                " `manage.py tenant delete northwind --yes-delete northwind`, or start with another PQLHUB_HOME."
            )
        if not settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES:
            raise CommandError(
                "The demo's automation listens on this machine: run it by `make demo`, or with"
                " WEBHOOK_ALLOW_PRIVATE_ADDRESSES=1."
            )
        began = time.monotonic()
        end = datetime.now(UTC).replace(microsecond=0)
        self.stdout.write(f"Simulating {days} days of {accounts} accounts …")
        history = simulate(seed=SEED, end=end, days=days, accounts=accounts)
        start = end - timedelta(days=days)
        self.logins: list[dict[str, str]] = []
        tenant = create_tenant(
            slug="northwind", name=COMPANY, time_zone="Europe/Berlin", currency="EUR", by=SYSTEM, now=start
        )
        company = found_company(tenant=tenant, hire=self._hire, now=start)
        self._log_in("operator@pqlhub.example", "Platform operator", "Platform operator", is_operator=True)
        arrange_acting(company, now=start)
        self.stdout.write("Living through them: accept, fold, score, assign, route, sell")
        ensure_partitions(start, end)
        self._live(company, history)
        port = free_port()
        secret = connect_automation(company, url=f"http://127.0.0.1:{port}/leads", now=end)
        state = DemoState(self.logins, "Northwind web app", company.write_key, port, secret, end.isoformat())
        save_state(settings.HOME, state)
        self.stdout.write(self.style.SUCCESS(f"\n  Filled in {time.monotonic() - began:.0f} s"))

    def _live(self, company: Company, history: History) -> None:
        team, seen, total = SalesTeam(history.truth), 0, len(history)
        for day in days_of(history):
            with tenant_context(company.tenant.pk):
                seen += live_through(day, tenant_id=company.tenant.pk, source_id=company.source_id, team=team)
                team.work(now=day.evening)
            bar = "█" * round(min(1.0, seen / total) * BAR)
            self.stdout.write(f"\r  {day.morning:%Y-%m-%d}  {bar:░<{BAR}}  {seen:>8,} events", ending="")
            self.stdout.flush()

    def _hire(self, person: str, name: str, role: Role) -> User:
        return self._log_in(f"{person}@northwind.example", name, str(role.label))

    def _log_in(self, email: str, name: str, role: str, *, is_operator: bool = False) -> User:
        password = secrets.token_urlsafe(12)
        self.logins.append({"email": email, "password": password, "role": role})
        return create_user(email=email, name=name, password=password, is_platform_operator=is_operator)
