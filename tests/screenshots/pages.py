# ruff: noqa: E501 (a table: one row a page)
"""Which pages there are, who is shown looking at them, and what each is for. docs/pages.md is written from this list.

A page with a key in its address is reached as a person reaches it: by the first link to it on another page. So a page
that nothing links to cannot be photographed, and is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenants.access import MATRIX, Area, Level
from tenants.models import Role
from tests.screenshots import steps

if TYPE_CHECKING:
    from tests.screenshots.walk import Walk

IMPORTERS = "those who may change events: corporate admins and product engineers"
PLANNERS = IMPORTERS
ANYBODY, EVERY_MEMBER, OPERATORS = "anybody", "everybody who is signed in", "platform operators"


@dataclass(frozen=True)
class Shot:
    """A page of the gallery. `shows` is the name of its address; a Shot without one is another state of a page."""

    name: str
    slug: str
    who: str  # the log-in that is shown, see walk.py; "" is signed out
    sees: Area | str  # who may open it
    purpose: str
    shows: str = ""
    path: str = ""  # where `shows` cannot say it
    link_on: str = ""  # the address name or the path of a page with a link to it
    before: Callable[[Walk], object] | None = None
    here: bool = False  # `before` has opened it already
    status: int = 200
    most_used: bool = False
    in_gallery: bool = True

    @property
    def who_sees(self) -> str:
        return self.sees if not isinstance(self.sees, Area) else _roles_that_see(self.sees)


def _roles_that_see(area: Area) -> str:
    hidden = [str(Role(role).label) for role in MATRIX if MATRIX[role][area] < Level.VIEW]
    seen = [str(Role(role).label) for role in MATRIX if MATRIX[role][area] >= Level.VIEW]
    return f"all but {_and(hidden)}" if len(hidden) < len(seen) else _and(seen)


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _lists(who: str) -> list[Shot]:
    """Every list of a company that has just begun: each says what to do next."""
    names = [
        "ingestion_action", "ingestion_list", "scoring_motion", "scoring_replayrun", "routing_lead",
        "routing_routingtable", "routing_pool", "delivery_destination", "delivery_delivery",
        "scoring_qualification", "experiments_experiment", "ingestion_account", "ingestion_person",
        "ingestion_event", "ingestion_eventname", "ingestion_exclusionrule", "ingestion_quarantinedevent", "ingestion_importrun",
        "ingestion_identityrule", "ingestion_trackingplan", "ingestion_violation",
        "tenants_source", "tenants_apitoken", "routing_routingfailure",
    ]  # fmt: skip
    return [
        Shot(f"Empty: {name}", f"empty-{name.partition('_')[2]}", who, "", "", path=f"admin:{name}_changelist", in_gallery=False)
        for name in names
    ]  # fmt: skip


ENTRANCE = [
    Shot("Sign in", "sign-in", "", ANYBODY, "The way in: e-mail and password; a second factor follows where it is on.", "account_login"),
    Shot("Too many wrong passwords", "locked", "", ANYBODY, "Too many wrong passwords pause signing in with that address.", before=steps.be_locked_out, here=True),
    Shot("By invitation", "sign-up", "", ANYBODY, "There is no sign-up: it says how to get in.", "account_signup"),
    Shot("Reset the password", "password-reset", "", ANYBODY, "Asks for the address and mails a link.", "account_reset_password"),
    Shot("The link is on its way", "password-reset-sent", "", ANYBODY, "Says the same whether or not the address is known.", "account_reset_password_done", before=steps.ask_for_reset, here=True),
    Shot("Set a new password", "password-reset-key", "", ANYBODY, "Where the mailed link leads.", "account_reset_password_from_key", before=steps.open_reset_link, here=True),
    Shot("The new password is set", "password-reset-done", "", ANYBODY, "And back to signing in.", "account_reset_password_from_key_done", before=steps.set_new_password, here=True),
]  # fmt: skip

PLATFORM = [
    Shot("Home of a platform operator", "home-operator", "operator", OPERATORS, "Operators look after companies and jobs and see no company's data.", path="admin:index"),
    Shot("Tenants", "tenants", "operator", OPERATORS, "Every company on this platform.", "admin:tenants_tenant_changelist"),
    Shot("New tenant", "tenant-add", "operator", OPERATORS, "Opens a company and invites its first admin.", "admin:tenants_tenant_add"),
    Shot("A tenant", "tenant", "operator", OPERATORS, "Suspend, resume, export or delete a company.", "admin:tenants_tenant_change", before=steps.open_company, here=True),
    Shot("Storage of the platform", "storage-platform", "operator", OPERATORS, "Sizes of the months of all companies' events, and when each goes.", "admin:pqlhub_storage"),
    Shot("Jobs", "jobs", "operator", OPERATORS, "Each tick's and stage's last run, lag and failures, and “run now”.", "admin:pqlhub_jobstatus_changelist"),
    Shot("Platform log", "platform-log", "operator", OPERATORS, "What operators did.", "admin:tenants_platformevent_changelist"),
    Shot("No company", "no-membership", "operator", "those who belong to no company", "Says how to become a member of one.", "tenants:no_membership", status=403),
]  # fmt: skip

JOINING = [
    Shot("An invitation", "join", "newcomer", "whoever got the mail", "Where an invitation's link leads: name, password, in.", "tenants:join", before=steps.open_invitation, here=True),
    Shot("First steps", "home-empty", "newcomer", Area.SOURCES, "A company that has just begun is led from source to first lead.", path="admin:index", before=steps.join, here=True, most_used=True),
    Shot("Where definitions begin", "empty-definitions", "newcomer", Area.DEFINITIONS, "An empty list says what to do next and leads there.", path="admin:scoring_definition_changelist"),
    *_lists("newcomer"),
    Shot("Two-factor authentication", "mfa", "newcomer", EVERY_MEMBER, "One's own second factor: an authenticator app and recovery codes.", "mfa_index"),
    Shot("Confirm that it is you", "confirm-access", "newcomer", EVERY_MEMBER, "The password once more, before a second factor is changed.", "account_reauthenticate", before=steps.begin_second_factor, here=True),
    Shot("Turn on the authenticator app", "mfa-activate", "newcomer", EVERY_MEMBER, "Scan the code, type the number.", "mfa_activate_totp", before=steps.confirm_password, here=True),
    Shot("Recovery codes", "mfa-codes", "newcomer", EVERY_MEMBER, "For the day the phone is gone.", "mfa_view_recovery_codes", before=steps.turn_on_second_factor),
    Shot("New recovery codes", "mfa-new-codes", "newcomer", EVERY_MEMBER, "Makes the old ones useless.", "mfa_generate_recovery_codes"),
    Shot("Turn off the authenticator app", "mfa-deactivate", "newcomer", EVERY_MEMBER, "Asks before it does.", "mfa_deactivate_totp"),
    Shot("Change the password", "password-change", "newcomer", EVERY_MEMBER, "One's own password.", "account_change_password"),
    Shot("Your address", "own-email", "newcomer", EVERY_MEMBER, "An address is what an invitation was sent to.", "tenants:own_email"),
    Shot("Sign out", "sign-out", "newcomer", EVERY_MEMBER, "Asks once.", "account_logout"),
    Shot("The second factor", "mfa-sign-in", "", ANYBODY, "Signing in with a second factor: the app's number or a recovery code.", "mfa_authenticate", before=steps.sign_in_with_second_factor, here=True),
    Shot("Suspended", "suspended", "newcomer", EVERY_MEMBER, "What members of a suspended company see.", before=steps.suspend, path="admin:index", status=403),
]  # fmt: skip

HOMES = [
    Shot("Home of a corporate admin", "home", "ada", "corporate admins", "What needs attention now, the trend, the newest leads.", "admin:index", most_used=True),
    Shot("Home of a business-unit owner", "home-owner", "bo", "business-unit owners", "The same, for the units they own.", path="admin:index"),
    Shot("Home of a sales manager", "home-manager", "mia", "sales managers", "Leads of the team first.", path="admin:index"),
    Shot("Home of a rep", "home-rep", "rosa", "reps", "One's own leads.", path="admin:index"),
    Shot("Home of an analyst", "home-analyst", "ana", "analysts", "Numbers and where they come from.", path="admin:index"),
    Shot("Home of a product engineer", "home-engineer", "eli", "product engineers", "Whether events arrive and can be read.", path="admin:index"),
    Shot("Business unit switch", "switch-unit", "ada", EVERY_MEMBER, "The lists of one unit and those below it; those in several companies choose the company here too.", before=steps.narrow_to_unit, path="admin:routing_lead_changelist"),
    Shot("What is yours", "user-menu", "ada", EVERY_MEMBER, "Light or dark, the password, the second factor, the way out.", before=steps.open_user_menu, here=True),
]  # fmt: skip

DEFINE = [
    Shot("Definitions", "definitions", "ada", Area.DEFINITIONS, "Every scoring model, what is live of it and how many PQLs it has now.", "admin:scoring_definition_changelist", before=steps.show_all_units, most_used=True),
    Shot("Start from a template", "definition-templates", "bo", Area.DEFINITIONS, "A new definition begins here: a template, or blank.", "admin:scoring_definition_templates"),
    Shot("Use a template", "definition-template", "bo", Area.DEFINITIONS, "Says which of your events is which; likely ones are filled in.", "admin:scoring_definition_use_template", link_on="admin:scoring_definition_templates"),
    Shot("A blank definition", "definition-add", "bo", Area.DEFINITIONS, "Name, motion and level; signals come next.", "admin:scoring_definition_add", path="/scoring/definition/add/?blank=1"),
    Shot("A definition", "definition", "ada", Area.DEFINITIONS, "What is live, what each version changed, and who qualifies.", "admin:scoring_definition_page", link_on="admin:scoring_definition_changelist"),
    Shot("Definition editor with live preview", "definition-editor", "ada", Area.DEFINITIONS, "Signals and points on the left; who would enter and leave on the right, at every change.", "admin:scoring_definition_draft", before=steps.begin_draft, here=True, most_used=True),
    Shot("Review and publish", "definition-publish", "ada", Area.DEFINITIONS, "What publishing changes, in words and in people.", "admin:scoring_definition_publish", before=steps.change_points, here=True),
    Shot("Archive a definition", "definition-archive", "ada", Area.DEFINITIONS, "What archiving means, before it happens.", "admin:scoring_definition_archive", link_on="admin:scoring_definition_page"),
    Shot("Actions", "actions", "ada", Area.CATALOGUE, "The events that count, by the names people know them by.", "admin:ingestion_action_changelist"),
    Shot("New action", "action-add", "ada", Area.CATALOGUE, "Event name and filters, with the events it would match.", "admin:ingestion_action_add"),
    Shot("An action", "action", "ada", Area.CATALOGUE, "What it counts, how often, and which definitions use it.", "admin:ingestion_action_change", link_on="admin:ingestion_action_changelist"),
    Shot("Lists", "lists", "ada", Area.DEFINITIONS, "Sets of domains and ids: a unit's own, and those that come with the product.", "admin:ingestion_list_changelist", before=steps.make_list),
    Shot("New list", "list-add", "ada", Area.DEFINITIONS, "Its name, its unit and what it holds.", "admin:ingestion_list_add"),
    Shot("A list", "list", "ada", Area.DEFINITIONS, "Its rows, what expires, and who changed what; rows are pasted or uploaded.", "admin:ingestion_list_page", link_on="admin:ingestion_list_changelist"),
    Shot("Change a list", "list-edit", "ada", Area.DEFINITIONS, "Its name and what it is for.", "admin:ingestion_list_edit", link_on="here"),
    Shot("A built-in list", "list-built-in", "ada", Area.DEFINITIONS, "What it holds and where it comes from.", "admin:ingestion_list_builtin", link_on="admin:ingestion_list_changelist"),
    Shot("Plans", "sold-plans", "ada", Area.DEFINITIONS, "What a unit sells: prices, and what each plan allows.", "admin:ingestion_plan_changelist"),
    Shot("New plan", "sold-plan-add", "ada", Area.DEFINITIONS, "Its name, its key as the product sends it, and its price.", "admin:ingestion_plan_add"),
    Shot("A plan", "sold-plan", "ada", Area.DEFINITIONS, "Its price, and how much of each limit it allows.", "admin:ingestion_plan_change", link_on="admin:ingestion_plan_changelist"),
    Shot("Limits", "limits", "ada", Area.DEFINITIONS, "What plans allow so much of, and how usage is known.", "admin:ingestion_limit_changelist"),
    Shot("New limit", "limit-add", "ada", Area.DEFINITIONS, "The action that is counted, or the trait that tells it.", "admin:ingestion_limit_add"),
    Shot("A limit", "limit", "ada", Area.DEFINITIONS, "How its usage is known.", "admin:ingestion_limit_change", link_on="admin:ingestion_limit_changelist"),
    Shot("Motions", "motions", "ada", Area.DEFINITIONS, "What a definition tries to bring about, and its goal.", "admin:scoring_motion_changelist"),
    Shot("New motion", "motion-add", "ada", Area.DEFINITIONS, "Where it starts and what counts as reaching it.", "admin:scoring_motion_add"),
    Shot("A motion", "motion", "ada", Area.DEFINITIONS, "Its start, its goal and its time.", "admin:scoring_motion_change", link_on="admin:scoring_motion_changelist"),
    Shot("New replay", "replay-add", "ada", Area.DEFINITIONS, "Evaluates a version over your history; nobody becomes a lead by it.", "admin:scoring_replayrun_add"),
    Shot("A replay", "replay", "ada", Area.DEFINITIONS, "What the version would have said, day by day.", "admin:scoring_replayrun_change", before=steps.run_replay, here=True),
    Shot("Replays", "replays", "ada", Area.DEFINITIONS, "All of them, with their progress.", "admin:scoring_replayrun_changelist"),
]  # fmt: skip

ACT = [
    Shot("Leads", "leads", "ada", Area.LEADS, "Every lead with its band, score, reason and rep.", "admin:routing_lead_changelist", most_used=True),
    Shot("A rep's leads", "leads-rep", "rosa", Area.LEADS, "A rep sees the leads given to them.", path="admin:routing_lead_changelist"),
    Shot("A lead", "lead", "rosa", Area.LEADS, "Why it is there, who they are, what to do, and one click for what came of it.", "admin:routing_lead_page", link_on="admin:routing_lead_changelist", most_used=True),
    Shot("Routing", "routing", "ada", Area.ROUTING, "Each unit's table.", "admin:routing_routingtable_changelist"),
    Shot("Routing table editor", "routing-table", "ada", Area.ROUTING, "Lines in order: the first whose conditions hold decides who gets the lead.", "admin:routing_routingtable_page", link_on="admin:routing_routingtable_changelist", most_used=True),
    Shot("New routing table", "routing-add", "ada", Area.ROUTING, "Chooses the unit.", "admin:routing_routingtable_add"),
    Shot("PQLs that could not be routed", "routing-failures", "ada", Area.ROUTING, "Each with its reason; tried again by itself, or now.", "admin:routing_routingfailure_changelist"),
    Shot("Pools", "pools", "ada", Area.POOLS, "Groups of reps that take leads in turn.", "admin:routing_pool_changelist"),
    Shot("New pool", "pool-add", "ada", Area.POOLS, "Its unit, its reps and how many leads each can carry.", "admin:routing_pool_add"),
    Shot("A pool", "pool", "ada", Area.POOLS, "Who is in it, who is away, who is full.", "admin:routing_pool_change", link_on="admin:routing_pool_changelist"),
    Shot("Destinations", "destinations", "ada", Area.DESTINATIONS, "Where leads are sent.", "admin:delivery_destination_changelist"),
    Shot("New destination", "destination-add", "ada", Area.DESTINATIONS, "A webhook's address.", "admin:delivery_destination_add"),
    Shot("Its signing secret", "destination-secret", "ada", Area.DESTINATIONS, "Shown once, with the lines that verify a signature.", before=steps.make_destination, here=True),
    Shot("A destination", "destination", "ada", Area.DESTINATIONS, "Its state, a test, its last deliveries.", "admin:delivery_destination_page", link_on="admin:delivery_destination_changelist"),
    Shot("Change a destination", "destination-edit", "ada", Area.DESTINATIONS, "Name, address and what it receives.", "admin:delivery_destination_edit", link_on="admin:delivery_destination_page"),
    Shot("Deliveries", "deliveries", "ada", Area.DESTINATIONS, "Every push, with what became of it.", "admin:delivery_delivery_changelist"),
    Shot("A delivery", "delivery", "ada", Area.DESTINATIONS, "What was sent, each attempt and its answer; send it again.", "admin:delivery_delivery_page", link_on="admin:delivery_delivery_changelist"),
]  # fmt: skip

PROVE = [
    Shot("Reports: overview", "reports", "ada", Area.REPORTS, "Everything at a glance.", "admin:reports_overview", most_used=True),
    Shot("Reports: PQLs over time", "reports-pqls", "ada", Area.REPORTS, "New PQLs by week, by definition or band.", "admin:reports_trend"),
    Shot("Reports: PQL rate", "reports-rate", "ada", Area.REPORTS, "Which share of sign-ups becomes a PQL.", "admin:reports_rate"),
    Shot("Reports: time to PQL", "reports-speed", "ada", Area.REPORTS, "How long it takes, with those still on the way.", "admin:reports_speed"),
    Shot("Reports: conversion", "reports-conversion", "ada", Area.REPORTS, "PQL to goal by cohort, with maturity.", "admin:reports_conversion"),
    Shot("Reports: funnel", "reports-funnel", "ada", Area.REPORTS, "From sign-up to goal.", "admin:reports_funnel"),
    Shot("Reports: definitions", "reports-definitions", "ada", Area.REPORTS, "How each definition is doing.", "admin:reports_health"),
    Shot("The rows behind a number", "reports-rows", "ada", Area.REPORTS, "Every number leads to the people it counts.", "admin:reports_rows", link_on="admin:reports_rate"),
    Shot("PQLs", "pqls", "ada", Area.REPORTS, "Every episode of being a PQL.", "admin:scoring_qualification_changelist"),
    Shot("A PQL", "pql", "ada", Area.REPORTS, "When it opened, with which signals, and how it ended.", "admin:scoring_qualification_change", link_on="admin:scoring_qualification_changelist"),
    Shot("PQLs of the past", "pqls-past", "ada", Area.ROUTING, "Who qualifies by imported history alone, and routing some of them.", "admin:scoring_qualification_past"),
    Shot("Holdouts", "holdouts", "ada", Area.EXPERIMENTS, "Who gets nothing, so that acting can be proved to pay.", "admin:experiments_experiment_changelist"),
    Shot("New holdout", "holdout-add", "ada", Area.EXPERIMENTS, "Its share, with the effect it could see.", "admin:experiments_experiment_add"),
    Shot("A holdout", "holdout", "ada", Area.EXPERIMENTS, "Its arms and who is in them.", "admin:experiments_experiment_page", link_on="admin:experiments_experiment_changelist"),
    Shot("Change a holdout", "holdout-edit", "ada", Area.EXPERIMENTS, "What can be changed while it runs.", "admin:experiments_experiment_edit", link_on="admin:experiments_experiment_page"),
]  # fmt: skip

DATA = [
    Shot("Accounts", "accounts", "ada", Area.PEOPLE, "Companies that use the product, with their scores.", "admin:ingestion_account_changelist"),
    Shot("An account", "account", "ada", Area.PEOPLE, "Its scores with reasons, its people, its events.", "admin:ingestion_account_change", before=steps.open_hot_account, here=True, most_used=True),
    Shot("Why it scored what it did on a day", "explanation", "ada", Area.PEOPLE, "A score of the past: as known then and as known now.", before=steps.explain, here=True),
    Shot("Persons", "persons", "ada", Area.PEOPLE, "People who use the product.", "admin:ingestion_person_changelist"),
    Shot("A person", "person", "ada", Area.PEOPLE, "The same for one person, with every id they were seen under.", "admin:ingestion_person_change", link_on="admin:ingestion_person_changelist"),
    Shot("Take a link back", "person-undo", "ada", "Corporate admin and Product engineer", "Two identities are one person no longer: what that does.", "admin:ingestion_person_undo", before=steps.open_a_joined_person, link_on="here"),
    Shot("Events", "events", "eli", Area.EVENTS, "The event debugger: what arrives, as it arrives.", "admin:ingestion_event_changelist", most_used=True),
    Shot("An event", "event", "eli", Area.EVENTS, "As received, what became of it, and a command that sends it again.", "admin:ingestion_event_show", link_on="admin:ingestion_event_changelist"),
    Shot("Catalogue", "catalogue", "eli", Area.CATALOGUE, "Every event name ever received, with its volume, what is new and what has gone quiet.", "admin:ingestion_eventname_changelist"),
    Shot("An event name", "event-name", "eli", Area.CATALOGUE, "Its volume, who sends it with which SDK, and its properties.", "admin:ingestion_eventname_show", link_on="admin:ingestion_eventname_changelist"),
    Shot("Tracking plans", "plans", "eli", Area.EVENTS, "What each source may send, and what departed lately.", "admin:ingestion_trackingplan_changelist", before=steps.make_plan),
    Shot("New tracking plan", "plan-add", "eli", PLANNERS, "Begins with what the sources send already.", "admin:ingestion_trackingplan_add"),
    Shot("A tracking plan", "plan", "eli", Area.EVENTS, "Its events, what holds, its draft and its versions.", "admin:ingestion_trackingplan_page", link_on="admin:ingestion_trackingplan_changelist"),
    Shot("An event of a plan", "plan-event", "eli", PLANNERS, "Its properties with type, required and allowed values; or its JSON Schema.", "admin:ingestion_trackingplan_event", before=steps.open_planned_event, here=True),
    Shot("Add what arrives", "plan-collect", "eli", PLANNERS, "Events that the sources send and the plan does not have.", "admin:ingestion_trackingplan_collect", before=steps.open_plan, link_on="here"),
    Shot("Settings of a plan", "plan-settings", "eli", PLANNERS, "Its sources, what happens to what departs, and how names are written.", "admin:ingestion_trackingplan_settings", before=steps.open_plan, link_on="here"),
    Shot("A plan as JSON", "plan-json", "eli", PLANNERS, "To be copied into a repository, or pasted.", "admin:ingestion_trackingplan_json", before=steps.open_plan, link_on="here"),
    Shot("Publish a plan", "plan-publish", "eli", PLANNERS, "What would change, in words.", "admin:ingestion_trackingplan_publish", before=steps.change_plan, link_on="here"),
    Shot("Throw a plan's draft away", "plan-discard", "eli", PLANNERS, "Says what is gone.", "admin:ingestion_trackingplan_discard", before=steps.open_plan, link_on="here"),
    Shot("Archive a plan", "plan-archive", "eli", PLANNERS, "Says what stops.", "admin:ingestion_trackingplan_archive", before=steps.open_plan, link_on="here"),
    Shot("A version of a plan", "plan-version", "eli", Area.EVENTS, "What it changed, in words, and its JSON.", "admin:ingestion_trackingplan_version", before=steps.open_plan, link_on="here"),
    Shot("Violations", "violations", "eli", Area.EVENTS, "What departs from the plans: how often, since when, and what to do.", "admin:ingestion_violation_changelist"),
    Shot("Clean data", "clean-data", "eli", Area.EVENTS, "Who does not count, by which rule, and what the built-in list of bots caught.", "admin:ingestion_exclusionrule_changelist"),
    Shot("Storage", "storage", "ada", Area.UNITS, "Events by month, what goes next, and how long history is kept.", "admin:ingestion_trim_changelist"),
    Shot("Do not contact", "do-not-contact", "eli", Area.EVENTS, "Which traits mean that somebody is not to be contacted.", "admin:ingestion_contactrule_changelist"),
    Shot("Privacy", "privacy", "eli", Area.PEOPLE, "Finds a person or an account to export or erase; what was asked for and when it is due.", "admin:ingestion_erasure_changelist"),
    Shot("New rule of clean data", "clean-data-add", "eli", "Corporate admin and Product engineer", "Says whom it would mark before it does.", "admin:ingestion_exclusionrule_add", before=steps.write_a_rule, here=True),
    Shot("Delete a rule of clean data", "clean-data-delete", "eli", "Corporate admin and Product engineer", "Says who counts again.", "admin:ingestion_exclusionrule_delete", link_on="admin:ingestion_exclusionrule_changelist"),
    Shot("Identity", "identity", "eli", Area.EVENTS, "What keeps strangers from becoming one person, and what it held back.", "admin:ingestion_identityrule_changelist", before=steps.share_device),
    Shot("Block an id", "identity-add", "eli", "Corporate admin and Product engineer", "Says what becomes of the id and its events.", "admin:ingestion_identityrule_add"),
    Shot("Join a held id after all", "identity-trust", "eli", "Corporate admin and Product engineer", "Says what is joined.", "admin:ingestion_identityrule_trust", link_on="admin:ingestion_identityrule_changelist"),
    Shot("Delete a rule about an id", "identity-delete", "eli", "Corporate admin and Product engineer", "Says what becomes of the id.", "admin:ingestion_identityrule_delete", link_on="admin:ingestion_identityrule_changelist"),
    Shot("Plan rules", "plan-rules", "eli", Area.EVENTS, "Which traits and events tell the plan of an account.", "admin:ingestion_planrule_changelist"),
    Shot("New plan rule", "plan-rule-add", "eli", "Corporate admin and Product engineer", "A trait or an event, and what it tells.", "admin:ingestion_planrule_add"),
    Shot("Quarantine", "quarantine", "eli", Area.EVENTS, "Events that could not be read, with the reason.", "admin:ingestion_quarantinedevent_changelist", before=steps.send_a_bad_event),
    Shot("A quarantined event", "quarantined", "eli", Area.EVENTS, "Mend it and let it in.", "admin:ingestion_quarantinedevent_change", link_on="admin:ingestion_quarantinedevent_changelist"),
    Shot("New import", "import-add", "eli", IMPORTERS, "Uploads a file of history: CSV, JSON lines or Parquet.", "admin:ingestion_importrun_add"),
    Shot("Columns of a file", "import-map", "eli", IMPORTERS, "Its first rows, and which column is what; likely ones are chosen.", "admin:ingestion_importrun_map", before=steps.upload_history, here=True),
    Shot("Dry run of a file", "import-check", "eli", IMPORTERS, "What would be imported and what not, before anything is.", "admin:ingestion_importrun_check", before=steps.check_history, here=True),
    Shot("An import", "import-run", "eli", Area.EVENTS, "How far it is, with pause and cancel; what it added, and the rejected rows as a file.", "admin:ingestion_importrun_change", before=steps.import_history, here=True),
    Shot("Personal data", "personal-data", "ada", Area.PEOPLE, "Which fields tell who somebody is, and who sees them.", "admin:ingestion_personalfield_changelist"),
    Shot("A person, to an analyst", "person-hidden", "ana", Area.PEOPLE, "A number and a mail domain: names and addresses are hidden from those who need not know them.", "admin:ingestion_person_change", link_on="admin:ingestion_person_changelist"),
    Shot("Origins of traits", "trait-origins", "eli", Area.EVENTS, "Whose word holds where several know a trait.", "admin:ingestion_traitprecedence_changelist"),
    Shot("An order of origins", "trait-origins-add", "eli", IMPORTERS, "Who goes first, for one trait or all others.", "admin:ingestion_traitprecedence_add"),
    # The last of ada's: she is in the sample data then.
    Shot("New CRM connection", "crm-add", "eli", IMPORTERS, "HubSpot or Salesforce: the key, which records, what their fields tell.", "admin:ingestion_crmconnection_add", in_gallery=False),
    Shot("CRM", "crm", "eli", Area.EVENTS, "CRMs that are read, how far they are, and what they told.", "admin:ingestion_crmconnection_changelist", before=steps.make_crm),
    Shot("A CRM connection", "crm-connection", "eli", Area.EVENTS, "How far it is read, what could not be kept, and its settings.", "admin:ingestion_crmconnection_change", link_on="admin:ingestion_crmconnection_changelist", in_gallery=False),
    Shot("Try a CRM connection", "crm-try", "eli", IMPORTERS, "Whose the first records are, and what they would tell; nothing is changed.", "admin:ingestion_crmconnection_try", link_on="here", in_gallery=False),
    Shot("Delete a CRM connection", "crm-delete", "eli", IMPORTERS, "Says what goes and what stays.", "admin:ingestion_crmconnection_delete", link_on="admin:ingestion_crmconnection_change", in_gallery=False),
    Shot("New enrichment", "enrichment-add", "eli", IMPORTERS, "A vendor that is asked about domains: URL, key, what tells which trait, how often.", "admin:ingestion_enrichment_add", in_gallery=False),
    Shot("Enrichment", "enrichments", "eli", Area.EVENTS, "Vendors that are asked, with their state, today's calls and what they found.", "admin:ingestion_enrichment_changelist", before=steps.make_enrichment, in_gallery=False),
    Shot("An enrichment", "enrichment", "eli", Area.EVENTS, "Its state, its settings, and the last answers by account.", "admin:ingestion_enrichment_change", link_on="admin:ingestion_enrichment_changelist", in_gallery=False),
    Shot("Dry run of an enrichment", "enrichment-try", "eli", IMPORTERS, "Asks about one domain and says what it would tell; no account is changed.", "admin:ingestion_enrichment_try", link_on="here", in_gallery=False),
    Shot("Delete an enrichment", "enrichment-delete", "eli", IMPORTERS, "Says what goes and what stays.", "admin:ingestion_enrichment_delete", link_on="admin:ingestion_enrichment_change", in_gallery=False),
    Shot("Imports", "imports", "eli", Area.EVENTS, "Files that were imported, with their progress.", "admin:ingestion_importrun_changelist"),
]  # fmt: skip

SETTINGS = [
    Shot("Sources and keys", "sources", "eli", Area.SOURCES, "The products and servers that send events.", "admin:tenants_source_changelist"),
    Shot("New source", "source-add", "eli", Area.SOURCES, "Its name and kind; it comes with its first key.", "admin:tenants_source_add"),
    Shot("A new source's key", "source-made", "eli", Area.SOURCES, "The write key, shown once, with lines to copy.", before=steps.make_source, here=True),
    Shot("A source", "source", "eli", Area.SOURCES, "Rename or disable it.", "admin:tenants_source_change", link_on="admin:tenants_source_changelist"),
    Shot("A source's environment", "source-environment", "eli", "Corporate admin, Business-unit owner and Product engineer", "Says what stops counting, or begins to, before it does.", "admin:tenants_source_environment", before=steps.open_environment, here=True),
    Shot("Keys of a source", "source-keys", "eli", Area.SOURCES, "Two live keys, so that one can make way for the other.", "admin:tenants_source_keys", before=steps.open_keys, here=True),
    Shot("Revoke a key", "source-revoke", "eli", Area.SOURCES, "Says what stops working.", "admin:tenants_source_revoke", link_on="here"),
    Shot("API tokens", "tokens", "ada", Area.TOKENS, "For the REST API, of persons and services.", "admin:tenants_apitoken_changelist"),
    Shot("New API token", "token-add", "ada", Area.TOKENS, "What it may do, where, and for how long.", "admin:tenants_apitoken_add"),
    Shot("A new token", "token-made", "ada", Area.TOKENS, "Shown once, with a line to try it.", before=steps.make_token, here=True),
    Shot("An API token", "token", "ada", Area.TOKENS, "What it may do and when it was last used.", "admin:tenants_apitoken_change", link_on="admin:tenants_apitoken_changelist"),
    Shot("Revoke a token", "token-revoke", "ada", Area.TOKENS, "Says what stops working.", "admin:tenants_apitoken_revoke", link_on="here"),
    Shot("Members", "members", "ada", Area.MEMBERS, "Who is in the company, with which role, where.", "admin:tenants_membership_changelist"),
    Shot("A member", "member", "ada", Area.MEMBERS, "Change the role or end the membership.", "admin:tenants_membership_change", link_on="admin:tenants_membership_changelist"),
    Shot("End a membership", "member-remove", "ada", Area.MEMBERS, "Leads and history keep the name.", "admin:tenants_membership_delete", link_on="here"),
    Shot("Invite a member", "invitation-add", "ada", Area.MEMBERS, "Address, unit and role.", "admin:tenants_invitation_add"),
    Shot("Invitations", "invitations", "ada", Area.MEMBERS, "Who is invited, and whether they came.", "admin:tenants_invitation_changelist", before=steps.invite),
    Shot("An open invitation", "invitation", "ada", Area.MEMBERS, "Send it again or revoke it.", "admin:tenants_invitation_change", link_on="admin:tenants_invitation_changelist"),
    Shot("Send an invitation again", "invitation-resend", "ada", Area.MEMBERS, "A new link; the old one stops working.", "admin:tenants_invitation_resend", link_on="here"),
    Shot("Revoke an invitation", "invitation-revoke", "ada", Area.MEMBERS, "The link stops working.", "admin:tenants_invitation_revoke", link_on="admin:tenants_invitation_change"),
    Shot("Business units", "units", "ada", Area.UNITS, "The tree of units; each owns its definitions.", "admin:tenants_businessunit_changelist"),
    Shot("New business unit", "unit-add", "ada", Area.UNITS, "Its name and its place.", "admin:tenants_businessunit_add"),
    Shot("A business unit", "unit", "ada", Area.UNITS, "Rename or move it.", "admin:tenants_businessunit_change", link_on="admin:tenants_businessunit_changelist"),
    Shot("Company settings", "settings", "ada", Area.UNITS, "Name, time zone and currency.", "admin:tenants_settings"),
    Shot("Audit log", "audit-log", "ada", Area.AUDIT, "Who changed what, when; nobody can change it.", "admin:tenants_auditevent_changelist"),
    # The last of ada's: she is in the sample data then.
    Shot("Sample data", "sample", "ada", "corporate admins", "A made-up company beside one's own, with months of history, in one click.", "admin:pqlhub_sample"),
    Shot("Remove the sample data", "sample-remove", "ada", "corporate admins", "Says what is erased.", "admin:pqlhub_sample_remove", before=steps.make_sample, link_on="here"),
    Shot("Inside sample data", "sample-inside", "ada", "corporate admins", "Every page says that nothing is real and nothing leaves, and leads back.", before=steps.open_sample, here=True),
]  # fmt: skip

ELSEWHERE = [
    Shot("API reference", "api-reference", "", ANYBODY, "Every address of the API, to read and to try.", "api-docs"),
    Shot("Not found", "not-found", "ada", ANYBODY, "And the way back.", path="/no-such-page/", status=404),
    Shot("Not allowed", "not-allowed", "rosa", EVERY_MEMBER, "Says whom to ask.", path="admin:scoring_definition_changelist", status=403),
    Shot("An error of ours", "server-error", "", ANYBODY, "Says that nothing was saved, and what to do.", before=steps.show_server_error, here=True),
]  # fmt: skip

# In the order they are photographed; the gallery has them in the order of the sidebar.
SECTIONS: dict[str, list[Shot]] = {
    "Getting in": ENTRANCE,
    "Platform": PLATFORM,
    "Beginning": JOINING,
    "Home": HOMES,
    "Define": DEFINE,
    "Act": ACT,
    "Prove": PROVE,
    "Data": DATA,
    "Settings": SETTINGS,
    "Elsewhere": ELSEWHERE,
}
SHOTS = [shot for shots in SECTIONS.values() for shot in shots]
