-- One row per visit day, association, département of care, age band and sex: all acts, coded acts (at least one diagnosis
-- filled: the denominator of the published shares), and acts with at least one call reason (a code, or a concept found in its
-- words: the denominator of the series by call reason), as known after the night $night.
SELECT event_date AS visit_day, association, dep_care AS department, age_band, sex,
    count(*)::INTEGER AS visits_all, count(*) FILTER (len(diagnoses) > 0)::INTEGER AS visits_coded,
    count(*) FILTER (len(reason_codes) > 0 OR len(reason_concepts) > 0)::INTEGER AS visits_reason
FROM visits
WHERE from_night <= $night::DATE AND to_night > $night::DATE AND status = 'active'
    AND list_contains($acts, act_type) AND event_date BETWEEN $first::DATE AND $last::DATE
    AND from_night >= $first::DATE - 1
GROUP BY ALL
ORDER BY ALL
