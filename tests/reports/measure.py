"""How long the reports of a large tenant take: a program that prints figures, not a test.

`python -m tests.reports.measure [persons] [rounds]` makes a throwaway database below .pqlhub/bench-reports with 200,000
persons, 20,000 accounts, 130,000 PQLs of three definitions and their leads, scores and goals, then asks every report
and the overview page before and after ANALYZE. --again measures the database that the last run left. Prints the best of
the rounds, in seconds.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

from bench import stack
from pqlhub.embedded import EmbeddedServer

NOW = datetime.now(UTC)
SLUG, ADMIN = "reports", "admin@reports.test"
TABLES = (
    "ingestion_person, ingestion_account, ingestion_outcome, scoring_qualification, scoring_qualificationevent,"
    " scoring_score, routing_lead, experiments_assignment, experiments_exposure"
)
# Definition, level, first and last number of its PQLs. A third of the persons of the first one qualify twice.
SHARES = (("Ready to buy", 1, 0.0, 0.75), ("Champion", 1, 0.75, 0.925), ("Team", 2, 0.925, 1.0))

_SUBJECTS = """
INSERT INTO ingestion_person (tenant_id, id, label, email, search, traits, is_identified, exclusion, first_seen_at,
    last_seen_at, merged_into_id)
SELECT %(tenant)s, %(base)s + n, 'user ' || n, 'user' || n || '@example.test', 'user ' || n,
    '{"plan": "team", "role": "admin", "company": "A company of some length"}', n %% 10 > 0,
    CASE WHEN n %% 50 = 1 THEN 1 ELSE 0 END, %(now)s - random() * interval '365 days', %(now)s,
    CASE WHEN n %% 40 = 0 THEN %(base)s + n - 1 END
FROM generate_series(1, %(persons)s) AS n;
INSERT INTO ingestion_account (tenant_id, id, key, name, search, traits, exclusion, first_seen_at, last_seen_at)
SELECT %(tenant)s, %(base)s + n, 'account ' || n, 'Account ' || n, 'account ' || n, '{}', 0,
    %(now)s - random() * interval '365 days', %(now)s
FROM generate_series(1, %(persons)s / 10) AS n
"""
_PQLS = """
CREATE TEMPORARY TABLE made AS
SELECT gen_random_uuid() AS id, n, %(base)s + 1 + (n * 7 %% %(subjects)s) AS subject_id, random() AS luck,
    u.first_seen_at, random() AS wait
FROM generate_series(%(first)s::int, %(last)s::int - 1) AS n
JOIN {subject} AS u ON u.id = %(base)s + 1 + (n * 7 %% %(subjects)s);
CREATE TEMPORARY TABLE episode AS
SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY at) = 1 AS is_newest FROM (
    SELECT *, least(first_seen_at + wait * wait * interval '120 days', %(now)s - random() * interval '1 day') AS at
    FROM made) AS made;
INSERT INTO scoring_qualification (tenant_id, id, definition_id, version_id, subject_kind, subject_id, triggered_at,
    opened_at, points, band, contributions, state, closed_at, routed_at, is_held_out)
SELECT %(tenant)s, id, %(definition)s, %(version)s, %(level)s, subject_id, at - interval '1 second', at, 7000,
    CASE WHEN luck < 0.3 THEN 'hot' ELSE 'warm' END, %(why)s::jsonb,
    CASE WHEN is_newest AND luck < 0.6 THEN 'open' ELSE 'left' END,
    CASE WHEN is_newest AND luck < 0.6 THEN NULL ELSE at + interval '9 days' END, at,
    CASE WHEN n %% 20 > 0 THEN n %% 10 = 1 END
FROM episode ORDER BY at;
INSERT INTO scoring_qualificationevent (tenant_id, qualification_id, at, kind, points, band)
SELECT %(tenant)s, id, at, kind, 7000, CASE WHEN luck < 0.3 THEN 'hot' ELSE 'warm' END
FROM episode CROSS JOIN (VALUES ('entered'), ('band')) AS kinds (kind) ORDER BY at;
INSERT INTO routing_lead (tenant_id, id, qualification_id, business_unit_id, subject_kind, subject_id, subject_label,
    account_label, search, account_search, state, disposition, rejection_reason, band, points, rule_name, trace,
    created_at)
SELECT %(tenant)s, gen_random_uuid(), id, %(unit)s, %(level)s, subject_id, 'user', 'account', 'user', 'account',
    CASE WHEN n %% 10 = 1 THEN 'held_out' WHEN luck < 0.5 THEN 'closed' ELSE 'new' END,
    CASE WHEN n %% 10 = 1 THEN '' ELSE (ARRAY['', '', 'accepted', 'rejected', 'won', 'lost'])[1 + n %% 6] END,
    CASE WHEN n %% 6 = 3 THEN 'Too small' ELSE '' END, 'hot', 7000, 'Hot ones', %(why)s::jsonb, at
FROM episode WHERE n %% 20 > 0 ORDER BY at;
INSERT INTO experiments_assignment (tenant_id, experiment_id, arm_id, unit_kind, unit_id, bucket, propensity,
    assigned_at, release_reason)
SELECT DISTINCT ON (subject_id) %(tenant)s, %(experiment)s, CASE WHEN n %% 10 = 1 THEN %(control)s ELSE %(treated)s END,
    %(level)s, subject_id, 1, 1000, at, '' FROM episode WHERE n %% 20 > 0 ORDER BY subject_id, at
ON CONFLICT DO NOTHING;
INSERT INTO experiments_exposure (tenant_id, assignment_id, assigned_at, exposed_at, action_ref)
SELECT %(tenant)s, a.id, a.assigned_at, greatest(a.assigned_at, l.created_at), l.id::text FROM routing_lead AS l
JOIN episode AS e ON e.id = l.qualification_id
JOIN experiments_assignment AS a ON a.tenant_id = %(tenant)s AND a.unit_kind = %(level)s AND a.unit_id = e.subject_id;
INSERT INTO ingestion_outcome (tenant_id, subject_kind, subject_id, goal, at, received_at, currency, fact_key)
SELECT %(tenant)s, %(level)s, subject_id, %(motion)s, least(at + (luck - 0.02) * interval '90 days', %(now)s), at, '',
    id::text FROM episode WHERE n %% 3 = 0;
INSERT INTO scoring_score (tenant_id, version_id, subject_kind, subject_id, points, band, is_qualified, contributions,
    computed_at)
SELECT %(tenant)s, %(version)s, %(level)s, id, 4000, '', id %% 3 = 0, %(why)s::jsonb, %(now)s FROM {subject}
WHERE tenant_id = %(tenant)s;
DROP TABLE made, episode
"""
_WHY = (
    '[{"signal": "0190a5d2-6c1e-7b3a-9d4e-3f2a1b0c9d8e", "name": "Invited three colleagues", "value": "4",'
    ' "raw": 2000, "points": 2000}, {"signal": "0190a5d2-6c1e-7b3a-9d4e-3f2a1b0c9d8f", "name": "Active on five days",'
    ' "value": "6", "raw": 3000, "points": 3000}, {"signal": "0190a5d2-6c1e-7b3a-9d4e-3f2a1b0c9d90", "name":'
    ' "Looked at prices", "value": "1", "raw": 2000, "points": 2000}]'
)


def make(admin_url: str, persons: int) -> None:
    from scoring.models import Version
    from tenants.audit import SYSTEM
    from tenants.context import tenant_context
    from tenants.models import BusinessUnit, Role
    from tenants.operations import create_tenant, create_user, grant_membership
    from tests.factories.reports import holdout, live_definition

    tenant = create_tenant(slug=SLUG, name="Reports", by=SYSTEM, now=NOW, time_zone="Europe/Berlin")
    user = create_user(email=ADMIN, name="Admin", password="correct horse battery staple")
    with tenant_context(tenant.pk):
        unit = BusinessUnit.objects.get(parent__isnull=True)
        grant_membership(user=user, business_unit=unit, role=Role.CORPORATE_ADMIN, by=SYSTEM, now=NOW)
        definitions = [live_definition(name=name, level=level) for name, level, *_share in SHARES]
        versions = {row: Version.objects.get(definition=row).pk for row in definitions}
        arms = [holdout(row, NOW) for row in definitions]
    values: dict[str, Any] = {"tenant": tenant.pk, "base": 0, "persons": persons, "now": NOW, "why": _WHY}
    with psycopg.connect(admin_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as admin:
        admin.execute("ALTER SYSTEM SET autovacuum = off")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute("SET session_replication_role = replica")
        admin.execute("SELECT setseed(0.5)")
        admin.execute(_SUBJECTS, values)
        for definition, (control, treated), (_name, level, first, last) in zip(
            definitions, arms, SHARES, strict=True
        ):
            pqls = persons * 65 // 100
            table, subjects = (
                ("ingestion_person", persons // 2) if level == 1 else ("ingestion_account", persons // 10)
            )
            own = {
                "level": level, "subjects": subjects, "first": int(pqls * first), "last": int(pqls * last),
                "definition": definition.pk, "version": versions[definition], "motion": definition.motion_id,
                "unit": unit.pk, "experiment": control.experiment_id, "control": control.pk, "treated": treated.pk,
            }  # fmt: skip
            admin.execute(_PQLS.replace("{subject}", table), values | own)


def measure(rounds: int) -> None:
    """Every report and the page of the overview; the best of the rounds."""
    from django.conf import settings
    from django.test import Client

    from reports.reports import REPORTS
    from reports.stats import Grain
    from scoring.models import Definition
    from tenants.context import tenant_context
    from tenants.models import Tenant, User
    from tests.reports.asking import ask

    tenant = Tenant.objects.get(slug=SLUG)
    settings.ALLOWED_HOSTS = ["*"]
    with tenant_context(tenant.pk):
        definitions = sorted(
            Definition.objects.select_related("motion"), key=lambda row: row.name, reverse=True
        )
    definitions.sort(key=lambda row: row.name != "Ready to buy")
    first = NOW.date() - timedelta(days=89)
    for sees in (True, False):
        question = ask(*definitions, now=NOW, first=first, grain=Grain.WEEK, sees_held_out=sees)
        for name, report in REPORTS.items():
            with tenant_context(tenant.pk):
                seconds = _best(lambda report=report, question=question: report(question), rounds)
            print(f"{name:12}{'' if sees else ' without held out':18}{seconds:7.3f}", flush=True)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(email=ADMIN), backend="tenants.accounts.LoginBackend")
    seconds = _best(lambda: _open(client, f"/reports/?definition={definitions[0].pk}"), rounds)
    print(f"{'overview, the whole page':30}{seconds:7.3f}", flush=True)


def _open(client: Any, url: str) -> None:
    response = client.get(url, secure=True)
    assert response.status_code == 200, (response.status_code, response.headers)


def _best(work: Callable[[], object], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def main(*arguments: str) -> None:
    numbers = [int(argument) for argument in arguments if argument.isdigit()]
    persons, rounds = [*numbers, *(200_000, 5)[len(numbers) :]]
    stack.HOME = stack.HOME.with_name("bench-reports")
    is_new = "--again" not in arguments
    if is_new:
        stack.prepare()
    else:
        os.environ |= {"PQLHUB_HOME": str(stack.HOME), "DJANGO_SETTINGS_MODULE": "pqlhub.settings"}
        django.setup()
    urls = EmbeddedServer(stack.HOME).start()
    admin_url = urlunsplit(urlsplit(urls.admin_url)._replace(path=urlsplit(urls.owner_url).path))
    if is_new:
        began = time.perf_counter()
        make(admin_url, persons)
        print(f"made in {time.perf_counter() - began:.0f} s; without statistics:", flush=True)
        measure(rounds)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f"VACUUM ANALYZE {TABLES}")
    print("with statistics:", flush=True)
    measure(rounds)


if __name__ == "__main__":
    main(*sys.argv[1:])
