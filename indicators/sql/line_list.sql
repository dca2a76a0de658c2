-- One row per act in force after the night $night that counts in a syndrome, as coded by $coding: a line list for an investigation.
-- Pseudonymised, and no more than an investigator needs: no hour, no département of residence, no exact age, no file.
-- `ages`: age band → group of the scheme that was asked for.
SELECT v.visit_uid, v.event_date AS visit_day, v.association, a.age_group, v.sex, v.act_type, v.diagnoses, v.reason_concepts, v.outcome
FROM visits v JOIN visit_syndromes s USING (from_night, arrival)
JOIN ages a ON a.age_band = v.age_band
WHERE v.from_night <= $night::DATE AND v.to_night > $night::DATE AND v.status = 'active' AND list_contains($acts, v.act_type)
    AND v.event_date BETWEEN $since::DATE AND $until::DATE
    AND v.from_night >= $since::DATE - 1 AND s.from_night >= $since::DATE - 1
    AND s.syndrome = $syndrome AND s.basis = $basis AND s.from_coding <= $coding AND s.to_coding > $coding
    AND (len($ages::VARCHAR[]) = 0 OR list_contains($ages::VARCHAR[], a.age_group))
    AND (len($places::VARCHAR[]) = 0 OR list_contains($places::VARCHAR[], v.association))
ORDER BY v.event_date, v.association, v.visit_uid
