"""Every address, read from the URL conf, and those that are not photographed, each with its reason."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RegexPattern

MADE_UP = {"uuid": "01890000-0000-7000-8000-000000000000", "int": "1"}

# Names of addresses (with * as in file names) that are no pages, or no pages of their own.
NOT_PHOTOGRAPHED = {
    # for machines
    "pqlhub.health.*": "health, for load balancers",
    "schema": "the API's description as a file; its page is the API reference",
    "ingestion.api.*": "the API that events are sent to",
    "tenants:me": "REST API",
    "reports:api_report": "REST API",
    "api_account_plan": "REST API",
    "api_*_traits": "REST API",
    "metrics": "figures for Prometheus",
    # parts of pages
    "admin:ingestion_trim_move": "buttons of the storage page, in its picture",
    "admin:autocomplete": "suggestions inside a form",
    "admin:jsi18n": "words for scripts",
    "admin:search": "results inside the theme's search box, which the console does not show",
    "admin:ingestion_*_timeline": "further events of a page that is photographed",
    "admin:ingestion_*_explain": "a part of the page of an account or person, in a picture",
    "admin:scoring_definition_preview": "a part of the definition editor, in its picture",
    "admin:ingestion_action_preview": "a part of the action's page, in its picture",
    "admin:ingestion_exclusionrule_preview": "a part of the form for a rule, in its picture",
    "admin:ingestion_exclusionrule_progress": "a part of the list of rules",
    "admin:ingestion_identityrule_domains": "does something and goes back",
    "admin:ingestion_identityrule_sweep": "a part of the page about identity",
    "admin:ingestion_identityrule_progress": "a part of the page about identity",
    "admin:tenants_source_waiting": "a part of the page of a source's keys",
    "admin:ingestion_quarantinedevent_groups": "a part of the quarantine's page",
    "admin:routing_routingtable_try": "a part of the routing table's page",
    # answers to a press of a button, with no page of their own
    "tenants:switch_*": "changes the company or unit and goes back",
    "admin:*_act": "does something and goes back",
    "admin:ingestion_contactrule_delete": "does something and goes back",
    "admin:ingestion_erasure_ask_export": "asks for a file and shows how far it is",
    "admin:ingestion_person_redo": "reached from a link that was taken back; as the page that takes one back",
    "admin:ingestion_erasure_of": "reached by a search; looked at by hand",
    "admin:ingestion_erasure_export": "the progress of a file; looked at by hand",
    "admin:ingestion_erasure_change": "a proof: the demo erases nobody; looked at by hand",
    "admin:ingestion_erasure_download": "a file",
    "admin:ingestion_erasure_proof": "a file",
    "admin:tenants_tenant_do": "does something and goes back",
    "admin:routing_routingtable_place_held": "does something and goes back",
    "admin:routing_lead_dispose": "does something and goes back",
    "admin:routing_lead_reopen": "does something and goes back",
    "admin:routing_lead_reassign": "does something and goes back",
    "admin:routing_lead_release": "does something and goes back",
    "admin:pqlhub_run_now": "does something and goes back",
    "admin:pqlhub_sample_make": "does something and shows how far it is",
    "admin:pqlhub_switch_tick": "does something and goes back",
    "admin:delivery_delivery_replay": "does something and goes back",
    "admin:ingestion_action_backfill": "does something and goes back",
    "admin:ingestion_action_archive": "does something and goes back",
    "admin:ingestion_list_upload": "does something and goes back",
    "admin:ingestion_list_remove": "does something and goes back",
    "admin:ingestion_list_archive": "does something and goes back",
    "admin:ingestion_trackingplan_remove": "does something and goes back",
    "admin:ingestion_eventname_map": "does something and goes back",
    "admin:ingestion_eventname_unmap": "does something and goes back",
    "admin:ingestion_eventname_mapping": "a part of the event's page, in its picture",
    "admin:ingestion_violation_accept": "does something and goes back",
    "admin:scoring_qualification_release": "does something and goes back",
    "admin:scoring_definition_discard": "does something and goes back",
    "admin:routing_routingfailure_retry*": "does something and goes back",
    "admin:scoring_definition_new_draft": "does something and goes back",
    "admin:tenants_auditevent_verify": "does something and goes back",
    # files
    "admin:ingestion_list_export": "a file",
    "admin:ingestion_trackingplan_download": "a file",
    "admin:routing_lead_export_changelist": "a file",
    "admin:tenants_tenant_download": "a file",
    "admin:ingestion_importrun_rejected": "a file",
    "mfa_download_recovery_codes": "a file",
    # lead elsewhere
    "admin:login": "leads to sign-in",
    "admin:logout": "leads to sign-out",
    "admin:password_change*": "leads to the one page for that",
    "admin:app_list": "leads home",
    "admin:view_on_site": "leads to a row's page",
    "admin:django.views.generic.base.RedirectView": "leads to a row's page",
    "admin:tenants_membership_invite": "leads to the form for an invitation",
    "admin:tenants_source_open_keys": "leads to a source's keys",
    "admin:tenants_source_open_environment": "leads to a source's environment",
    "admin:": "everything else: not found",
    # closed to everybody, or with nothing to show
    "admin:*_add": "machines write these rows",
    "admin:*_change": "rows are looked at in their list, or on a page of their own address",
    "admin:*_delete": "these rows are kept: they are archived, ended, revoked or paused",
    "admin:*_history": "Django's own; what was changed is in the audit log",
    "account_inactive": "nobody is made inactive: memberships end",
    "account_email_verification_sent": "addresses are verified by their invitation",
    "account_confirm_email": "addresses are verified by their invitation",
    "account_set_password": "everybody has a password",
    "account_confirm_login_code": "nobody signs in by a mailed code",
    "mfa_reauthenticate": "the second factor's form again",
}


def page_names() -> set[str]:
    """The name under which each address answers: an address that another one hides is not there."""
    return set(_names(get_resolver()))


def reason_not_to(name: str) -> str | None:
    return next((why for wanted, why in NOT_PHOTOGRAPHED.items() if fnmatchcase(name, wanted)), None)


def _names(resolver: URLResolver, route: str = "", space: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _names(pattern, route + str(pattern.pattern), inside)
        elif isinstance(pattern.pattern, RegexPattern):
            if pattern.name or space:  # the others are spellings of the API's addresses
                yield f"{space}{pattern.name or ''}"
        else:
            yield _answering(pattern, route)


def _answering(pattern: URLPattern, route: str) -> str:
    path = re.sub(r"<(?:(\w+):)?\w+>", lambda kind: MADE_UP.get(kind[1], "x"), route + str(pattern.pattern))
    return resolve("/" + path).view_name
