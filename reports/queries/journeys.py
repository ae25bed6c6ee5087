"""The pieces that every figure of a definition is made of: its PQLs, first PQLs, sign-ups and goals.

Statements are put together from these named pieces when the module is loaded, never from what a user wrote. Cohorts are
cut with width_bucket over instants computed in Python, so the database needs to know no time zone.
"""

# Persons that were merged into another, however often, and the one that is left.
SURVIVORS = """
merged (id, into_id) AS (
    SELECT p.id, p.merged_into_id FROM ingestion_person AS p
    WHERE p.tenant_id = %(tenant_id)s AND p.merged_into_id IS NOT NULL AND %(has_persons)s
    UNION
    SELECT m.id, p.merged_into_id FROM merged AS m
    JOIN ingestion_person AS p ON p.tenant_id = %(tenant_id)s AND p.id = m.into_id
    WHERE p.merged_into_id IS NOT NULL
),
survivor AS (
    SELECT m.id, m.into_id FROM merged AS m
    WHERE NOT EXISTS (
        SELECT FROM ingestion_person AS p
        WHERE p.tenant_id = %(tenant_id)s AND p.id = m.into_id AND p.merged_into_id IS NOT NULL)
)"""

# Every episode with its lead and the band it began in. Merged episodes are the same human being twice. Who does not
# see held-out leads sees an episode only once it has a lead and that lead is not held out.
EPISODES = """
episode AS (
    SELECT q.definition_id, q.subject_kind, coalesce(s.into_id, q.subject_id) AS subject_id, q.id, q.triggered_at,
        q.opened_at, coalesce(entered.band, q.band) AS band, l.id AS lead_id, l.disposition,
        coalesce(l.state = 'held_out', false) AS is_held_out
    FROM scoring_qualification AS q
    LEFT JOIN survivor AS s ON s.id = q.subject_id AND q.subject_kind = 1
    LEFT JOIN scoring_qualificationevent AS entered ON entered.tenant_id = q.tenant_id
        AND entered.qualification_id = q.id AND entered.kind = 'entered'
    LEFT JOIN routing_lead AS l ON l.tenant_id = q.tenant_id AND l.qualification_id = q.id
    WHERE q.tenant_id = %(tenant_id)s AND q.definition_id = ANY(%(definitions)s::uuid[]) AND q.state <> 'merged'
        AND q.opened_at <= %(now)s AND (%(sees_held_out)s OR l.state <> 'held_out')
),
hidden AS (
    SELECT DISTINCT q.definition_id, coalesce(s.into_id, q.subject_id) AS subject_id
    FROM routing_lead AS l
    JOIN scoring_qualification AS q ON q.tenant_id = l.tenant_id AND q.id = l.qualification_id
    LEFT JOIN survivor AS s ON s.id = q.subject_id AND q.subject_kind = 1
    WHERE l.tenant_id = %(tenant_id)s AND q.definition_id = ANY(%(definitions)s::uuid[]) AND l.state = 'held_out'
        AND NOT %(sees_held_out)s
)"""

FIRST_PQLS = """
first_pql AS (
    SELECT DISTINCT ON (e.definition_id, e.subject_id) e.*, d.motion_id,
        make_interval(hours => 24 * m.goal_window_days) AS goal_window
    FROM episode AS e
    JOIN scoring_definition AS d ON d.tenant_id = %(tenant_id)s AND d.id = e.definition_id
    JOIN scoring_motion AS m ON m.tenant_id = %(tenant_id)s AND m.id = d.motion_id
    WHERE NOT EXISTS (
        SELECT FROM hidden AS h WHERE h.definition_id = e.definition_id AND h.subject_id = e.subject_id)
    ORDER BY e.definition_id, e.subject_id, e.opened_at, e.id
)"""

# When each subject reached the goals of its motion, under the key it has now: one row to join with. Gathered first
# (MATERIALIZED), because a planner that looks inside joins every PQL with every goal.
GOALS = """
goal AS MATERIALIZED (
    SELECT o.goal AS motion_id, o.subject_kind, coalesce(s.into_id, o.subject_id) AS subject_id,
        array_agg(o.at ORDER BY o.at) AS moments
    FROM ingestion_outcome AS o
    LEFT JOIN survivor AS s ON s.id = o.subject_id AND o.subject_kind = 1
    WHERE o.tenant_id = %(tenant_id)s AND o.goal = ANY(%(motions)s::uuid[])
        AND o.at <= %(now)s AND o.received_at <= %(now)s
    GROUP BY 1, 2, 3
)"""

_COUNTED = "WHERE who.tenant_id = %(tenant_id)s AND who.exclusion = 0"
_VISIBLE = "AND NOT EXISTS (SELECT FROM hidden WHERE hidden.subject_id = who.id)"

# (level, whether the motion names a start action) -> when each subject signed up. A visitor who never said who they are
# has not signed up.
SIGN_UPS = {
    (1, False): f"""
sign_up AS (
    SELECT who.id AS subject_id, who.first_seen_at AS signed_up_at FROM ingestion_person AS who
    {_COUNTED} AND who.merged_into_id IS NULL AND who.is_identified AND who.first_seen_at < %(now)s {_VISIBLE}
)""",
    (2, False): f"""
sign_up AS (
    SELECT who.id AS subject_id, who.first_seen_at AS signed_up_at FROM ingestion_account AS who
    {_COUNTED} AND who.first_seen_at < %(now)s {_VISIBLE}
)""",
    (1, True): f"""
sign_up AS (
    SELECT who.id AS subject_id, min(a.ts) AS signed_up_at FROM ingestion_activity AS a
    JOIN ingestion_identity AS i ON i.tenant_id = a.tenant_id AND i.id = a.identity_id
    JOIN ingestion_person AS who ON who.tenant_id = a.tenant_id AND who.id = i.person_id
    {_COUNTED} AND who.merged_into_id IS NULL AND a.tenant_id = %(tenant_id)s AND a.exclusion = 0
        AND a.action_version_id = %(start_version)s AND a.ts < %(now)s {_VISIBLE}
    GROUP BY who.id
)""",
    (2, True): f"""
sign_up AS (
    SELECT who.id AS subject_id, min(a.ts) AS signed_up_at FROM ingestion_activity AS a
    JOIN ingestion_account AS who ON who.tenant_id = a.tenant_id AND who.id = a.account_id
    {_COUNTED} AND a.tenant_id = %(tenant_id)s AND a.exclusion = 0
        AND a.action_version_id = %(start_version)s AND a.ts < %(now)s {_VISIBLE}
    GROUP BY who.id
)""",
}

# Sign-ups with the first PQL (of the chosen band). Left out, and counted by their reason: who signed up before the
# definition could notice anybody, and who was a PQL before the sign-up.
ARRIVALS = """
arrival AS (
    SELECT u.subject_id, u.signed_up_at, q.id AS pql_id, q.triggered_at AS pql_at,
        CASE WHEN %(live_since)s::timestamptz IS NULL OR u.signed_up_at < %(live_since)s THEN 'too_early'
             WHEN q.triggered_at < u.signed_up_at THEN 'pql_before' ELSE 'counted' END AS part
    FROM sign_up AS u
    LEFT JOIN (
        SELECT DISTINCT ON (e.subject_id) e.subject_id, e.id, e.triggered_at FROM episode AS e
        WHERE %(band)s = '' OR e.band = %(band)s
        ORDER BY e.subject_id, e.triggered_at, e.id
    ) AS q ON q.subject_id = u.subject_id
    WHERE u.signed_up_at >= %(start)s AND u.signed_up_at < %(end)s
)"""

# First PQLs of the period with what became of them: reached_at is the first goal at or after the moment we noticed.
FOLLOWED = """
followed AS (
    SELECT f.definition_id, f.subject_id, f.id AS pql_id, f.opened_at, f.opened_at + f.goal_window AS window_end,
        f.band, f.lead_id, f.is_held_out, after.reached_at, coalesce(g.moments[1] < f.opened_at, false) AS was_before,
        coalesce(after.reached_at < f.opened_at + f.goal_window, false) AS has_reached,
        f.opened_at + f.goal_window <= %(now)s AS is_mature
    FROM first_pql AS f
    LEFT JOIN goal AS g ON g.motion_id = f.motion_id AND g.subject_kind = f.subject_kind
        AND g.subject_id = f.subject_id
    CROSS JOIN LATERAL (
        SELECT min(moment) AS reached_at FROM unnest(g.moments) AS moment WHERE moment >= f.opened_at
    ) AS after
    WHERE f.opened_at >= %(start)s AND f.opened_at < %(end)s AND (%(band)s = '' OR f.band = %(band)s)
)"""

WITH_PQLS = f"WITH RECURSIVE {SURVIVORS},{EPISODES},{FIRST_PQLS}"
WITH_FOLLOWED = f"{WITH_PQLS},{GOALS},{FOLLOWED}"
# Without FIRST_PQLS: an episode that is named once is read in place, and what nobody asks of it is not read at all.
WITH_ARRIVALS = {
    key: f"WITH RECURSIVE {SURVIVORS},{EPISODES},{sign_ups},{ARRIVALS}" for key, sign_ups in SIGN_UPS.items()
}
