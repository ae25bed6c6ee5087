"""Every table that is not behind the tenant wall, and why. A test compares this list with the database."""

from typing import Any

from django.db import connection

from tenants.roles import APP_ROLE

GLOBAL_TABLES = {
    "tenants_tenant": "read before a tenant is known; holds names and settings, no data",
    "tenants_user": "one log-in for a person in several tenants; what they may do is a membership",
    "tenants_work": "claimed across tenants; no payload",
    "tenants_platformevent": "what platform operators did",
    "pqlhub_jobstatus": "how background jobs are doing; no tenant's data",
    "django_migrations": "schema history; the app has no rights on it",
    "django_content_type": "names of models, the same for all",
    "django_session": "belongs to a log-in; the key is 160 random bits, no page lists them",
    "auth_permission": "names of permissions, the same for all",
    "auth_group": "required by Django's auth app; unused",
    "auth_group_permissions": "required by Django's auth app; unused",
    "account_emailaddress": "allauth: belongs to a log-in",
    "account_emailconfirmation": "allauth: belongs to a log-in",
    "mfa_authenticator": "allauth: belongs to a log-in",
    "axes_accessattempt": "failed log-ins, before a tenant is known; no page shows them to tenants",
    "axes_accesslog": "log-ins, before a tenant is known; no page shows them to tenants",
    "axes_accessfailurelog": "failed log-ins, before a tenant is known; no page shows them to tenants",
    "axes_accessattemptexpiration": "failed log-ins, before a tenant is known",
    "django_celery_beat_clockedschedule": "beat's fixed ticks, for platform operators",
    "django_celery_beat_crontabschedule": "beat's fixed ticks, for platform operators",
    "django_celery_beat_intervalschedule": "beat's fixed ticks, for platform operators",
    "django_celery_beat_periodictask": "beat's fixed ticks, for platform operators",
    "django_celery_beat_periodictasks": "beat's fixed ticks, for platform operators",
    "django_celery_beat_solarschedule": "beat's fixed ticks, for platform operators",
}
GRANTED_ELSEWHERE = {
    "django_migrations",
    "tenants_tenant",
    "tenants_user",
    "tenants_work",
    "tenants_platformevent",
}


def grant_global_tables(**kwargs: Any) -> None:
    """After migrations: rights on the tables that other packages made. Runs as the owner, does nothing otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
        )
        present = {row[0] for row in cursor.fetchall()}
        for table in sorted(present & GLOBAL_TABLES.keys() - GRANTED_ELSEWHERE):
            cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {APP_ROLE}')
