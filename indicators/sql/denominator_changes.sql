-- One row per night × visit day × association × département of care × age band × sex × type of act: what became known that night
-- changed all acts, coded acts (at least one diagnosis: the denominator of the published shares) and acts with at least one call
-- reason (a code, or a concept found in its words: the denominator of the series by call reason). What is known after a night is
-- the sum up to it. $acts, $told_first, $told_last, $first, $last: as in count_changes.sql.
WITH spans AS (
    SELECT event_date AS visit_day, association, dep_care AS department, age_band, sex, act_type, from_night, to_night,
        count(*)::INTEGER AS visits_all, count(*) FILTER (len(diagnoses) > 0)::INTEGER AS visits_coded,
        count(*) FILTER (len(reason_codes) > 0 OR len(reason_concepts) > 0)::INTEGER AS visits_reason
    FROM visits
    WHERE status = 'active' AND list_contains($acts, act_type) AND from_night < to_night
        AND from_night BETWEEN $told_first::DATE AND $told_last::DATE
        AND ($recoded OR from_night BETWEEN $first::DATE AND $last::DATE OR to_night BETWEEN $first::DATE AND $last::DATE)
    GROUP BY ALL
),
changes AS (
    SELECT from_night AS night, * EXCLUDE (from_night, to_night) FROM spans
    UNION ALL
    SELECT to_night, * EXCLUDE (from_night, to_night)
        REPLACE (-visits_all AS visits_all, -visits_coded AS visits_coded, -visits_reason AS visits_reason)
    FROM spans WHERE to_night < DATE '9999-12-31'
)
FROM changes WHERE night BETWEEN $first::DATE AND $last::DATE
