"""Every table that holds something about a person or an account, in the order in which it is emptied: the upper rooms
refer to the lower ones."""

from dataclasses import replace

from delivery import queries as delivery
from experiments import queries as experiments
from ingestion.queries import personal as ingestion
from routing.queries import personal as routing
from scoring.queries import personal as scoring
from tenants.personal import AUDIT, Scope

HOLDINGS = [
    *delivery.HOLDINGS,
    *routing.HOLDINGS,
    *scoring.HOLDINGS,
    *experiments.HOLDINGS,
    *ingestion.HOLDINGS,
    AUDIT,
]
# What every other tenant table is, and why nobody is exported or erased there. What one of them says of somebody all
# the same (a note, a name typed into a field) is found by tenants.mentions.
NOT_ABOUT_PERSONS = {
    "delivery_destination": "settings",
    "django_admin_log": "who changed which setting",
    "experiments_arm": "settings",
    "experiments_experiment": "settings",
    "ingestion_action": "settings",
    "ingestion_actionversion": "settings",
    "ingestion_contactrule": "settings",
    "ingestion_crmconnection": "settings, counts, ids of records that could not be kept",
    "ingestion_dataalert": "names of events and properties, counts",
    "ingestion_domainsweep": "a switch on its way, gone in minutes",
    "ingestion_enrichment": "settings",
    "ingestion_erasure": "the proof",
    "ingestion_event_key": "hashes of source and message id: a replay adds nothing",
    "ingestion_eventmonth": "counts",
    "ingestion_eventname": "the catalogue: names, numbers, examples that are nobody's",
    "ingestion_eventrename": "settings",
    "ingestion_personalfield": "settings",
    "ingestion_exclusionsweep": "a rule on its way, gone in minutes",
    "ingestion_identitylimits": "settings",
    "ingestion_importfile": "files on their way in, deleted after IMPORT_KEEP_DAYS; shown rows are looked through",
    "ingestion_importrun": "mappings and counts",
    "ingestion_inbox": "waited for: read within seconds, and kept out then",
    "ingestion_limit": "settings",
    "ingestion_list": "settings",
    "ingestion_listedition": "counts",
    "ingestion_personalexport": "deleted with the person",
    "ingestion_plannedsource": "settings",
    "ingestion_plan": "settings",
    "ingestion_planlimit": "settings",
    "ingestion_planrule": "settings",
    "ingestion_precedencesweep": "a change of order on its way, gone in minutes",
    "ingestion_quarantinereplay": "counts",
    "ingestion_suppression": "keyed hashes",
    "ingestion_trackingplan": "settings",
    "ingestion_trackingplanversion": "settings",
    "ingestion_traitprecedence": "settings",
    "ingestion_trim": "counts",
    "ingestion_violation": "counts, with types, and values where they cannot be personal",
    "routing_pool": "settings",
    "routing_poolmember": "the tenant's own reps",
    "routing_routingrule": "settings",
    "routing_routingtable": "settings",
    "scoring_band": "settings",
    "scoring_definition": "settings",
    "scoring_draftsave": "settings",
    "scoring_motion": "settings",
    "scoring_replayrun": "settings",
    "scoring_signal": "settings",
    "scoring_version": "settings",
    "tenants_apitoken": "the tenant's own members",
    "tenants_businessunit": "settings",
    "tenants_invitation": "the tenant's own members",
    "tenants_membership": "the tenant's own members",
    "tenants_source": "settings",
    "tenants_sourceusage": "counts",
    "tenants_writekey": "settings",
    "tenants_environmentchange": "settings",
    "tenants_zonechange": "settings",
}


def with_leads(scope: Scope) -> Scope:
    """The scope with the leads that routing made of it."""
    return replace(scope, leads=routing.leads_of(scope))
