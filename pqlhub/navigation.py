"""The sidebar, by job, from Define to Platform. Entries appear only for those who may open them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """One link. `permission` is what its page asks for."""

    title: Any
    icon: str
    url_name: str
    permission: str

    @property
    def stem(self) -> str:
        """How the names of the addresses of all pages under this entry begin."""
        return self.url_name.removeprefix("admin:").removesuffix("_changelist").removesuffix("_overview")


SAMPLE = Entry(_("Sample data"), "toys", "admin:pqlhub_sample", "tenants.change_businessunit")
GROUPS: list[tuple[Any, list[Entry]]] = [
    (
        _("Define"),
        [
            Entry(
                _("Definitions"), "target", "admin:scoring_definition_changelist", "scoring.view_definition"
            ),
            Entry(_("Actions"), "touch_app", "admin:ingestion_action_changelist", "ingestion.view_action"),
            Entry(_("Lists"), "list_alt", "admin:ingestion_list_changelist", "ingestion.view_list"),
            Entry(_("Plans"), "sell", "admin:ingestion_plan_changelist", "ingestion.view_plan"),
            Entry(
                _("Plan rules"),
                "rule_settings",
                "admin:ingestion_planrule_changelist",
                "ingestion.view_planrule",
            ),
            Entry(_("Limits"), "speed", "admin:ingestion_limit_changelist", "ingestion.view_limit"),
            Entry(_("Motions"), "flag", "admin:scoring_motion_changelist", "scoring.view_motion"),
            Entry(_("Replays"), "history", "admin:scoring_replayrun_changelist", "scoring.view_replayrun"),
        ],
    ),
    (
        _("Act"),
        [
            Entry(_("Leads"), "bolt", "admin:routing_lead_changelist", "routing.view_lead"),
            Entry(
                _("Routing"),
                "alt_route",
                "admin:routing_routingtable_changelist",
                "routing.view_routingtable",
            ),
            Entry(
                _("Stuck PQLs"),
                "running_with_errors",
                "admin:routing_routingfailure_changelist",
                "routing.view_routingfailure",
            ),
            Entry(_("Pools"), "groups", "admin:routing_pool_changelist", "routing.view_pool"),
            Entry(
                _("Destinations"),
                "send",
                "admin:delivery_destination_changelist",
                "delivery.view_destination",
            ),
            Entry(_("Deliveries"), "outbox", "admin:delivery_delivery_changelist", "delivery.view_delivery"),
        ],
    ),
    (
        _("Prove"),
        [
            Entry(_("Reports"), "monitoring", "admin:reports_overview", "reports.view_report"),
            Entry(_("PQLs"), "stars", "admin:scoring_qualification_changelist", "scoring.view_qualification"),
            Entry(
                _("Holdouts"),
                "science",
                "admin:experiments_experiment_changelist",
                "experiments.view_experiment",
            ),
        ],
    ),
    (
        _("Data"),
        [
            Entry(_("Accounts"), "apartment", "admin:ingestion_account_changelist", "ingestion.view_account"),
            Entry(_("Persons"), "person", "admin:ingestion_person_changelist", "ingestion.view_person"),
            Entry(_("Events"), "stream", "admin:ingestion_event_changelist", "ingestion.view_event"),
            Entry(
                _("Imports"),
                "upload_file",
                "admin:ingestion_importrun_changelist",
                "ingestion.view_importrun",
            ),
        ],
    ),
    (
        _("Data quality"),
        [
            Entry(
                _("Catalogue"),
                "menu_book",
                "admin:ingestion_eventname_changelist",
                "ingestion.view_eventname",
            ),
            Entry(
                _("Tracking plans"),
                "fact_check",
                "admin:ingestion_trackingplan_changelist",
                "ingestion.view_trackingplan",
            ),
            Entry(
                _("Violations"), "rule", "admin:ingestion_violation_changelist", "ingestion.view_violation"
            ),
            Entry(
                _("Quarantine"),
                "report",
                "admin:ingestion_quarantinedevent_changelist",
                "ingestion.view_quarantinedevent",
            ),
            Entry(
                _("Clean data"),
                "filter_alt_off",
                "admin:ingestion_exclusionrule_changelist",
                "ingestion.view_exclusionrule",
            ),
            Entry(
                _("Origins of traits"),
                "low_priority",
                "admin:ingestion_traitprecedence_changelist",
                "ingestion.view_traitprecedence",
            ),
            Entry(
                _("CRM"),
                "sync_alt",
                "admin:ingestion_crmconnection_changelist",
                "ingestion.view_crmconnection",
            ),
            Entry(
                _("Enrichment"),
                "domain_add",
                "admin:ingestion_enrichment_changelist",
                "ingestion.view_enrichment",
            ),
        ],
    ),
    (
        _("Identity and privacy"),
        [
            Entry(
                _("Identity"),
                "join_inner",
                "admin:ingestion_identityrule_changelist",
                "ingestion.view_identityrule",
            ),
            Entry(
                _("Do not contact"),
                "do_not_disturb_on",
                "admin:ingestion_contactrule_changelist",
                "ingestion.view_contactrule",
            ),
            Entry(
                _("Personal data"),
                "visibility_off",
                "admin:ingestion_personalfield_changelist",
                "ingestion.view_personalfield",
            ),
            Entry(
                _("Privacy"), "shield_person", "admin:ingestion_erasure_changelist", "ingestion.view_erasure"
            ),
        ],
    ),
    (
        _("Settings"),
        [
            Entry(_("Sources and keys"), "key", "admin:tenants_source_changelist", "tenants.view_source"),
            Entry(_("API tokens"), "token", "admin:tenants_apitoken_changelist", "tenants.view_apitoken"),
            Entry(_("Members"), "badge", "admin:tenants_membership_changelist", "tenants.view_membership"),
            Entry(_("Invitations"), "mail", "admin:tenants_invitation_changelist", "tenants.view_invitation"),
            Entry(
                _("Business units"),
                "account_tree",
                "admin:tenants_businessunit_changelist",
                "tenants.view_businessunit",
            ),
            Entry(_("Company settings"), "settings", "admin:tenants_settings", "tenants.change_businessunit"),
            SAMPLE,
            Entry(_("Storage"), "database", "admin:ingestion_trim_changelist", "ingestion.view_trim"),
            Entry(_("Audit log"), "policy", "admin:tenants_auditevent_changelist", "tenants.view_auditevent"),
        ],
    ),
    (
        _("Platform"),
        [
            Entry(_("Tenants"), "domain", "admin:tenants_tenant_changelist", "tenants.view_tenant"),
            Entry(_("Jobs"), "schedule", "admin:pqlhub_jobstatus_changelist", "pqlhub.view_jobstatus"),
            Entry(_("Storage"), "database", "admin:pqlhub_storage", "pqlhub.view_jobstatus"),
            Entry(
                _("Platform log"),
                "receipt_long",
                "admin:tenants_platformevent_changelist",
                "tenants.view_platformevent",
            ),
        ],
    ),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's sidebar for this user: groups with at least one page they may open."""
    home = {"title": _("Home"), "icon": "home", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [home]}]
    tenant = getattr(request, "tenant", None)
    hidden = {SAMPLE.url_name} if tenant and tenant.is_sample else set()
    for title, entries in GROUPS:
        items = [
            {"title": entry.title, "icon": entry.icon, "link": reverse(entry.url_name)}
            for entry in entries
            if request.user.has_perm(entry.permission) and entry.url_name not in hidden  # type: ignore[union-attr]
        ]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def place(request: HttpRequest) -> dict[str, Any] | None:
    """The entry that the page asked for stands under: the way back to it."""
    name = (request.resolver_match.url_name if request.resolver_match else None) or ""
    for _title, entries in GROUPS:
        for entry in entries:
            if name == entry.stem or name.startswith(f"{entry.stem}_"):
                return {"title": entry.title, "link": reverse(entry.url_name)}
    return None
