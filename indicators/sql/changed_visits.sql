-- One row per visit and measure in which the visit adds another number (0 or 1) to a cell after the night $to than after the
-- night $from: `change` is +1 or -1, `part` the one cause it is put down to, `detail` says it more closely.
-- measure: `visits` (acts that count in $syndrome by $basis), `coded` (acts with a diagnosis; by reason, with a call reason),
-- `all` (all acts). A cell: visit days $first-$last, $places, $ages (base bands), $sexes, $acts (types of act).
-- The first that holds decides, so that every visit is in one part:
--   1 new        first told after $from, of a visit day whose own night ($day + 1) came after $from
--   2 absent     first told after $from, and of that day its association had told nothing yet: a whole file came late
--   3 late       first told after $from, although its association had told of that day
--   4 double     withdrawn, and another visit of the association in force says the same: it was there twice
--   5 withdrawn  cancelled or deleted by its association, or lacking in a file that holds everything of its day
--   6 recoded    the version as it was, read by the coding after $to ($now) in place of that after $from ($then), already gives
--                the difference; or the two versions say the same to the definitions, and only their coding is another
--   7 geography  the new version says another association
--   8 corrected  the new version is in or out by what `detail` names: status, day, act, age, sex, diagnosis, reason
-- $reach: the first night whose versions are looked at; versions of one visit are nearer to one another than that. A number used
-- again by another visit (extracts/visit.toml, identity_days) makes a second life: versions are paired in their order.
WITH cell AS (
    SELECT visit_uid, rec_version, from_night, arrival,
        list_contains($places::VARCHAR[], association) AS at_place,
        event_date BETWEEN $first::DATE AND $last::DATE AS at_day,
        list_contains($acts::VARCHAR[], act_type) AS at_act,
        len($ages::VARCHAR[]) = 0 OR list_contains($ages::VARCHAR[], age_band) AS at_age,
        len($sexes::VARCHAR[]) = 0 OR list_contains($sexes::VARCHAR[], sex) AS at_sex,
        status = 'active' AS at_status,
        at_place AND at_day AND at_act AND at_age AND at_sex AND at_status AS inside,
        CASE $basis WHEN 'diagnosis' THEN len(diagnoses) > 0
            ELSE len(reason_codes) > 0 OR len(reason_concepts) > 0 END AS has_code,
        from_night <= $from::DATE AND to_night > $from::DATE AS before, from_night <= $to::DATE AND to_night > $to::DATE AS after,
        status, line_no, association, event_date, hour, act_type, dep_res, age_y, age_m, sex, thesaurus, diagnoses,
        reason_codes, reason_concepts,
        CASE $basis WHEN 'diagnosis' THEN [thesaurus, array_to_string(diagnoses, '|')]
            ELSE [thesaurus, array_to_string(reason_codes, '|'), array_to_string(reason_concepts, '|')] END AS codes
    FROM visits WHERE from_night BETWEEN $reach::DATE AND $to::DATE AND to_night > $from::DATE
),
-- The visits of which another version is in force after the one night than after the other, and one of them is in the cell.
touched AS MATERIALIZED (
    SELECT DISTINCT visit_uid FROM cell
    WHERE from_night >= $first::DATE - 1 AND event_date BETWEEN $first::DATE AND $last::DATE AND inside AND before <> after
),
versions AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY visit_uid, before ORDER BY from_night, rec_version) AS life
    FROM cell WHERE before <> after AND visit_uid IN (FROM touched)
),
-- What the coding after either night says of a version (the syndrome asked).
read_as AS MATERIALIZED (
    SELECT from_night, arrival, bool_or(from_coding <= $then AND to_coding > $then) AS counted_then,
        bool_or(from_coding <= $now AND to_coding > $now) AS counted_now
    FROM visit_syndromes
    WHERE syndrome = $syndrome AND basis = $basis AND from_night BETWEEN $reach::DATE AND $to::DATE
    GROUP BY ALL
),
seen AS (
    SELECT v.*, coalesce(r.counted_then, false) AS counted_then, coalesce(r.counted_now, false) AS counted_now
    FROM versions v LEFT JOIN read_as r USING (from_night, arrival)
),
pairs AS (
    SELECT coalesce(a.visit_uid, b.visit_uid) AS visit_uid, a, b
    FROM (FROM seen WHERE before) a FULL JOIN (FROM seen WHERE after) b ON a.visit_uid = b.visit_uid AND a.life = b.life
),
measured AS (
    SELECT visit_uid, a, b, 'visits' AS measure, a.inside AND a.counted_then AS was, b.inside AND b.counted_now AS is_now,
        a.inside AND a.counted_now AS would, a.counted_now AS coded_before, b.counted_now AS coded_after FROM pairs
    UNION ALL
    SELECT visit_uid, a, b, 'coded', a.inside AND a.has_code, b.inside AND b.has_code, a.inside AND a.has_code, a.has_code,
        b.has_code FROM pairs
    UNION ALL
    SELECT visit_uid, a, b, 'all', a.inside, b.inside, a.inside, true, true FROM pairs
),
moved AS (
    SELECT * REPLACE (coalesce(was, false) AS was, coalesce(is_now, false) AS is_now, coalesce(would, false) AS would)
    FROM measured WHERE coalesce(was, false) <> coalesce(is_now, false)
),
-- The days of which an association had told something by the first night.
told AS (
    SELECT DISTINCT association, event_date FROM visits
    WHERE from_night BETWEEN $first::DATE - 1 AND $from::DATE AND event_date BETWEEN $first::DATE AND $last::DATE
),
-- Withdrawn visits of which another one in force says the same; of an act whose hour or age is unknown nobody can tell.
doubles AS (
    SELECT DISTINCT p.visit_uid FROM pairs p JOIN visits o ON o.association = p.a.association AND o.event_date = p.a.event_date
        AND o.hour = p.a.hour AND o.age_y = p.a.age_y AND o.sex = p.a.sex
    WHERE p.a.inside AND coalesce(p.b.status, '') <> 'active' AND o.visit_uid <> p.visit_uid AND o.status = 'active'
        AND o.from_night BETWEEN $first::DATE - 1 AND $to::DATE AND o.to_night > $to::DATE
        AND o.age_m IS NOT DISTINCT FROM p.a.age_m AND o.act_type IS NOT DISTINCT FROM p.a.act_type
        AND o.dep_res IS NOT DISTINCT FROM p.a.dep_res AND o.thesaurus IS NOT DISTINCT FROM p.a.thesaurus
        AND o.diagnoses IS NOT DISTINCT FROM p.a.diagnoses AND o.reason_codes IS NOT DISTINCT FROM p.a.reason_codes
        AND o.reason_concepts IS NOT DISTINCT FROM p.a.reason_concepts
),
-- Which conditions of the cell the two versions do not both fulfil; codes that are the same are read otherwise by age or day.
compared AS (
    SELECT *, a.codes IS NOT DISTINCT FROM b.codes AS same_codes,
        a.age_y IS NOT DISTINCT FROM b.age_y AND a.age_m IS NOT DISTINCT FROM b.age_m AS same_age,
        list_filter([
            if(a.at_status <> b.at_status, 'status', NULL), if(a.at_day <> b.at_day, 'day', NULL),
            if(a.at_act <> b.at_act, 'act', NULL), if(a.at_age <> b.at_age, 'age', NULL),
            if(a.at_sex <> b.at_sex, 'sex', NULL),
            CASE WHEN coded_before = coded_after THEN NULL
                WHEN NOT same_codes THEN if($basis = 'diagnosis', 'diagnosis', 'reason')
                WHEN NOT same_age THEN if(a.at_age <> b.at_age, NULL, 'age')
                ELSE if(a.event_date = b.event_date OR a.at_day <> b.at_day, NULL, 'day') END
        ], lambda x: x IS NOT NULL) AS differ
    FROM moved
),
judged AS (
    SELECT *, CASE
        WHEN a.visit_uid IS NULL AND b.event_date >= $from::DATE THEN 'new'
        WHEN a.visit_uid IS NULL AND (b.association, b.event_date) NOT IN (SELECT (association, event_date) FROM told) THEN 'absent'
        WHEN a.visit_uid IS NULL THEN 'late'
        WHEN (b.visit_uid IS NULL OR (a.at_status AND NOT b.at_status)) AND visit_uid IN (FROM doubles) THEN 'double'
        WHEN b.visit_uid IS NULL OR (a.at_status AND NOT b.at_status) THEN 'withdrawn'
        WHEN measure = 'visits' AND would <> was THEN 'recoded'
        WHEN measure = 'visits' AND a.inside AND b.inside AND same_codes AND same_age AND a.event_date = b.event_date THEN 'recoded'
        WHEN a.at_place <> b.at_place THEN 'geography'
        ELSE 'corrected' END AS part
    FROM compared
)
SELECT measure, visit_uid, coalesce(b.association, a.association) AS association, coalesce(b.event_date, a.event_date) AS visit_day,
    part,
    CASE WHEN part = 'corrected' THEN array_to_string(differ, '+')
        WHEN part <> 'withdrawn' THEN ''
        WHEN b.visit_uid IS NULL OR (b.status = 'deleted' AND b.line_no = 0) THEN 'lacking' ELSE b.status END AS detail,
    is_now::INTEGER - was::INTEGER AS change
FROM judged
UNION ALL
-- The same version in force after both nights, read by two codings.
SELECT 'visits', v.visit_uid, v.association, v.event_date, 'recoded', '', r.counted_now::INTEGER - r.counted_then::INTEGER
FROM cell v JOIN read_as r USING (from_night, arrival)
WHERE $then <> $now AND v.from_night >= $first::DATE - 1 AND v.event_date BETWEEN $first::DATE AND $last::DATE
    AND v.inside AND v.before AND v.after AND r.counted_then <> r.counted_now
