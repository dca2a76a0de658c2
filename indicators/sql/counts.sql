-- One row per visit day, association, département of care, age band, sex and syndrome: the acts that count in it,
-- as known after the night $night. $acts: the types of act that are acts (indicators/acts.toml).
SELECT v.event_date AS visit_day, v.association, v.dep_care AS department, v.age_band, v.sex, s.syndrome, count(*)::INTEGER AS visits
FROM visits v JOIN visit_syndromes s
    ON s.visit_uid = v.visit_uid AND s.rec_version = v.rec_version AND s.from_night = v.from_night
WHERE v.from_night <= $night::DATE AND v.to_night > $night::DATE AND v.status = 'active'
    AND list_contains($acts, v.act_type) AND v.event_date BETWEEN $first::DATE AND $last::DATE
    AND v.from_night >= $first::DATE - 1 AND s.from_night >= $first::DATE - 1 -- a visit is told on its day or later (at most a day before)
GROUP BY ALL
ORDER BY ALL
