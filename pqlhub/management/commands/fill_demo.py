"""Fills an empty installation with a company that has used PQL Hub for months. Part of `make demo`."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pqlhub.demo.act import arrange_acting, connect_automation
from pqlhub.demo.company import found_company
from pqlhub.demo.past import live_through_history
from pqlhub.demo.state import ACCOUNTS, DAYS, SEED, DemoState, save_state, state_file
from pqlhub.embedded.cluster import free_port
from pqlhub.simulator import simulate
from tenants.models import Tenant

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
        company = found_company(now=start)
        arrange_acting(company, now=start)
        total = len(history)

        def report(day: datetime, seen: int) -> None:
            done = min(1.0, seen / total)
            bar = "█" * round(done * BAR)
            self.stdout.write(f"\r  {day:%Y-%m-%d}  {bar:░<{BAR}}  {seen:>8,} events", ending="")
            self.stdout.flush()

        self.stdout.write("Living through them: accept, fold, score, assign, route, sell")
        live_through_history(company=company, history=history, report=report)
        port = free_port()
        secret = connect_automation(company, url=f"http://127.0.0.1:{port}/leads", now=end)
        state = DemoState(
            company.logins, "Northwind web app", company.write_key, port, secret, end.isoformat()
        )
        save_state(settings.HOME, state)
        self.stdout.write(self.style.SUCCESS(f"\n  Filled in {time.monotonic() - began:.0f} s"))
