-- One row: the acts of a cell (see changed_visits.sql) as known after the night $from and after the night $to: those that count in
-- $syndrome by $basis, those with a code, all acts. Counted apart from what changed: the parts must lead from one to the other.
WITH inside AS (
    SELECT from_night, arrival, from_night <= $from::DATE AND to_night > $from::DATE AS before,
        from_night <= $to::DATE AND to_night > $to::DATE AS after,
        CASE $basis WHEN 'diagnosis' THEN len(diagnoses) > 0
            ELSE len(reason_codes) > 0 OR len(reason_concepts) > 0 END AS has_code
    FROM visits
    WHERE from_night BETWEEN $first::DATE - 1 AND $to::DATE AND event_date BETWEEN $first::DATE AND $last::DATE
        AND status = 'active' AND list_contains($acts::VARCHAR[], act_type) AND list_contains($places::VARCHAR[], association)
        AND (len($ages::VARCHAR[]) = 0 OR list_contains($ages::VARCHAR[], age_band))
        AND (len($sexes::VARCHAR[]) = 0 OR list_contains($sexes::VARCHAR[], sex))
),
counted AS (
    SELECT from_night, arrival, bool_or(from_coding <= $then AND to_coding > $then) AS counted_then,
        bool_or(from_coding <= $now AND to_coding > $now) AS counted_now
    FROM visit_syndromes
    WHERE syndrome = $syndrome AND basis = $basis AND from_night BETWEEN $first::DATE - 1 AND $to::DATE
    GROUP BY ALL
)
SELECT count(*) FILTER (before AND counted_then) AS visits_before, count(*) FILTER (after AND counted_now) AS visits_after,
    count(*) FILTER (before AND has_code) AS coded_before, count(*) FILTER (after AND has_code) AS coded_after,
    count(*) FILTER (before) AS all_before, count(*) FILTER (after) AS all_after
FROM inside LEFT JOIN counted USING (from_night, arrival)
