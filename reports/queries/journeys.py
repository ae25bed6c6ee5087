"""The pieces that every figure of a definition is made of: its PQLs, first PQLs, sign-ups and goals.

Statements are put together from these named pieces when the module is loaded, never from what a user wrote. Cohorts are
cut with width_bucket over instants computed in Python, so the database needs to know no time zone.
"""

# Persons that were merged into another, however often, and the one that is left. Read once: they are few.
SURVIVORS = """
gone AS MATERIALIZED (
    SELECT p.id, p.merged_into_id AS into_id FROM ingestion_person AS p
    WHERE p.tenant_id = %(tenant_id)s AND p.merged_into_id IS NOT NULL AND %(has_persons)s
),
merged (id, into_id) AS (
    SELECT id, into_id FROM gone
    UNION
    SELECT m.id, g.into_id FROM merged AS m JOIN gone AS g ON g.id = m.into_id
),
survivor AS (
    SELECT m.id, m.into_id FROM merged AS m WHERE NOT EXISTS (SELECT FROM gone AS g WHERE g.id = m.into_id)
)"""

# Every episode; is_held_out is null until routing has decided. Merged episodes are the same human being twice. Who does
# not see held-out leads sees an episode only once it is decided that it is none.
EPISODES = """
episode AS (
    SELECT q.definition_id, q.subject_kind, coalesce(s.into_id, q.subject_id) AS subject_id, q.id, q.triggered_at,
        q.opened_at, q.band AS band_now, q.is_held_out, q.tenant_id
    FROM scoring_qualification AS q
    LEFT JOIN survivor AS s ON s.id = q.subject_id AND q.subject_kind = 1
    WHERE q.tenant_id = %(tenant_id)s AND q.definition_id = ANY(%(definitions)s::uuid[]) AND q.state <> 'merged'
        AND q.opened_at <= %(now)s AND (%(sees_held_out)s OR NOT q.is_held_out)
),
hidden AS (
    SELECT DISTINCT q.definition_id, coalesce(s.into_id, q.subject_id) AS subject_id
    FROM scoring_qualification AS q
    LEFT JOIN survivor AS s ON s.id = q.subject_id AND q.subject_kind = 1
    WHERE q.tenant_id = %(tenant_id)s AND q.definition_id = ANY(%(definitions)s::uuid[]) AND q.is_held_out
        AND NOT %(sees_held_out)s
)"""

# The band in which an episode (e) began.
ENTERED = """LEFT JOIN scoring_qualificationevent AS entered ON entered.tenant_id = e.tenant_id
        AND entered.qualification_id = e.id AND entered.kind = 'entered'"""
BAND = "coalesce(entered.band, e.band_now)"

# The first PQL of each subject, of those that came in the period. Sorted and not joined with what came earlier: without
# statistics the planner takes a join that compares each with each.
FIRST_PQLS = f"""
first_pql AS (
    SELECT e.definition_id, e.subject_kind, e.subject_id, e.id, e.opened_at, {BAND} AS band, d.motion_id,
        e.opened_at + make_interval(hours => 24 * m.goal_window_days) AS window_end
    FROM (
        SELECT DISTINCT ON (subject_id, definition_id) * FROM episode WHERE opened_at < %(end)s
        ORDER BY subject_id, definition_id, opened_at, id
    ) AS e
    JOIN scoring_definition AS d ON d.tenant_id = %(tenant_id)s AND d.id = e.definition_id
    JOIN scoring_motion AS m ON m.tenant_id = %(tenant_id)s AND m.id = d.motion_id
    {ENTERED}
    WHERE e.opened_at >= %(start)s
        AND NOT EXISTS (
            SELECT FROM hidden AS h WHERE h.definition_id = e.definition_id AND h.subject_id = e.subject_id)
)"""

# What became of those whose subject reached the goal of the motion, under the key that the subject has now: the first
# time at or after the moment we noticed, and whether there was one before. Outcomes are gathered first (MATERIALIZED),
# because a planner that looks inside joins every PQL with every outcome of its motion.
GOALS = """
outcome AS MATERIALIZED (
    SELECT o.goal AS motion_id, o.subject_kind, coalesce(s.into_id, o.subject_id) AS subject_id, o.at
    FROM ingestion_outcome AS o
    LEFT JOIN survivor AS s ON s.id = o.subject_id AND o.subject_kind = 1
    WHERE o.tenant_id = %(tenant_id)s AND o.goal = ANY(%(motions)s::uuid[])
        AND o.at <= %(now)s AND o.received_at <= %(now)s
),
goal AS (
    SELECT f.id, min(o.at) FILTER (WHERE o.at >= f.opened_at) AS reached_at, bool_or(o.at < f.opened_at) AS was_before
    FROM first_pql AS f
    JOIN outcome AS o ON o.motion_id = f.motion_id AND o.subject_kind = f.subject_kind
        AND o.subject_id = f.subject_id
    GROUP BY f.id
)"""

FOLLOWED = """
followed AS (
    SELECT f.definition_id, f.subject_id, f.id AS pql_id, f.opened_at, f.window_end, f.band, g.reached_at,
        coalesce(g.was_before, false) AS was_before, coalesce(g.reached_at < f.window_end, false) AS has_reached,
        f.window_end <= %(now)s AS is_mature
    FROM first_pql AS f LEFT JOIN goal AS g ON g.id = f.id
)"""

_COUNTED = "WHERE who.tenant_id = %(tenant_id)s AND who.exclusion = 0"
_VISIBLE = "AND NOT EXISTS (SELECT FROM hidden WHERE hidden.subject_id = who.id)"
_SEEN_IN_PERIOD = "who.first_seen_at >= %(start)s AND who.first_seen_at < least(%(end)s, %(now)s)"
_DONE = """a.tenant_id = %(tenant_id)s AND a.exclusion = 0 AND a.action_version_id = %(start_version)s
        AND a.ts < least(%(end)s, %(now)s)"""

# (level, whether the motion names a start action) -> who signed up in the period, and when. A visitor who never said
# who they are has not signed up.
SIGN_UPS = {
    (1, False): f"""
sign_up AS (
    SELECT who.id AS subject_id, who.first_seen_at AS signed_up_at FROM ingestion_person AS who
    {_COUNTED} AND who.merged_into_id IS NULL AND who.is_identified AND {_SEEN_IN_PERIOD} {_VISIBLE}
)""",
    (2, False): f"""
sign_up AS (
    SELECT who.id AS subject_id, who.first_seen_at AS signed_up_at FROM ingestion_account AS who
    {_COUNTED} AND {_SEEN_IN_PERIOD} {_VISIBLE}
)""",
    (1, True): f"""
sign_up AS (
    SELECT who.id AS subject_id, min(a.ts) AS signed_up_at FROM ingestion_activity AS a
    JOIN ingestion_identity AS i ON i.tenant_id = a.tenant_id AND i.id = a.identity_id
    JOIN ingestion_person AS who ON who.tenant_id = a.tenant_id AND who.id = i.person_id
    {_COUNTED} AND who.merged_into_id IS NULL AND {_DONE} {_VISIBLE}
    GROUP BY who.id HAVING min(a.ts) >= %(start)s
)""",
    (2, True): f"""
sign_up AS (
    SELECT who.id AS subject_id, min(a.ts) AS signed_up_at FROM ingestion_activity AS a
    JOIN ingestion_account AS who ON who.tenant_id = a.tenant_id AND who.id = a.account_id
    {_COUNTED} AND {_DONE} {_VISIBLE}
    GROUP BY who.id HAVING min(a.ts) >= %(start)s
)""",
}

# Whether a band was chosen -> the episodes that began in it. Nothing else here needs to look for the first band.
ASKED = {
    False: "asked AS (SELECT e.* FROM episode AS e)",
    True: f"asked AS (SELECT e.* FROM episode AS e {ENTERED} WHERE {BAND} = %(band)s)",
}

# Sign-ups with their first PQL (of the chosen band) and how far they came; each stage counts only those of the one
# before. Left out of rates and waits, by their reason (`part`): who signed up before the definition could notice
# anybody, and who was a PQL before the sign-up.
ARRIVALS = """
reached AS (
    SELECT u.subject_id, u.signed_up_at, min(e.triggered_at) AS pql_at,
        coalesce(bool_or(NOT e.is_held_out), false) AS is_routed,
        coalesce(bool_or(l.disposition IN ('accepted', 'sql', 'opportunity', 'won', 'lost')), false) AS is_accepted,
        coalesce(bool_or(l.disposition = 'won'), false) AS is_won,
        bool_and(coalesce(e.is_held_out, false)) AS is_held_out
    FROM sign_up AS u
    LEFT JOIN asked AS e ON e.subject_id = u.subject_id
    LEFT JOIN routing_lead AS l ON l.tenant_id = %(tenant_id)s AND l.qualification_id = e.id
    GROUP BY u.subject_id, u.signed_up_at
),
scored AS (
    SELECT DISTINCT u.subject_id FROM sign_up AS u
    JOIN scoring_score AS s ON s.tenant_id = %(tenant_id)s AND s.subject_id = u.subject_id
    WHERE s.version_id = ANY(ARRAY(
        SELECT v.id FROM scoring_version AS v
        WHERE v.tenant_id = %(tenant_id)s AND v.definition_id = ANY(%(definitions)s::uuid[])))
),
arrival AS (
    SELECT r.subject_id, r.signed_up_at, r.pql_at,
        r.pql_at IS NOT NULL OR s.subject_id IS NOT NULL AS is_scored, r.pql_at IS NOT NULL AS is_pql,
        r.is_routed, r.is_routed AND r.is_accepted AS is_accepted, r.is_routed AND r.is_won AS is_won, r.is_held_out,
        CASE WHEN %(live_since)s::timestamptz IS NULL OR r.signed_up_at < %(live_since)s THEN 'too_early'
             WHEN r.pql_at < r.signed_up_at THEN 'pql_before' ELSE 'counted' END AS part,
        r.signed_up_at + %(window)s <= %(now)s AS is_mature,
        coalesce(r.pql_at < r.signed_up_at + %(window)s, false) AS is_in_time
    FROM reached AS r LEFT JOIN scored AS s ON s.subject_id = r.subject_id
)"""

WITH_EPISODES = f"WITH RECURSIVE {SURVIVORS},{EPISODES}"
WITH_FOLLOWED = f"{WITH_EPISODES},{FIRST_PQLS},{GOALS},{FOLLOWED}"
WITH_ARRIVALS = {  # by Lens.arrivals_key
    (*key, has_band): f"{WITH_EPISODES},{asked},{sign_ups},{ARRIVALS}"
    for key, sign_ups in SIGN_UPS.items()
    for has_band, asked in ASKED.items()
}
