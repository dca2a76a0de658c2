-- One row per visit day, association, département of care, age band, sex, type of act, syndrome and version of its
-- definition: the acts that count in it by diagnosis or by call reason ($basis), as known after the night $night and coded by the coding $coding.
-- $acts: the types of act that are acts (indicators/acts.toml); $syndromes: only these (none: all).
-- $told_first, $told_last: the nights whose versions are looked at: a visit is told on its day or later (at most a day before).
SELECT v.event_date AS visit_day, v.association, v.dep_care AS department, v.age_band, v.sex, v.act_type, s.syndrome, s.definition,
    count(*)::INTEGER AS visits
FROM visits v JOIN visit_syndromes s USING (from_night, arrival)
WHERE v.from_night <= $night::DATE AND v.to_night > $night::DATE AND v.status = 'active'
    AND list_contains($acts, v.act_type) AND v.event_date BETWEEN $first::DATE AND $last::DATE
    AND v.from_night BETWEEN $told_first::DATE AND $told_last::DATE
    AND s.from_night BETWEEN $told_first::DATE AND $told_last::DATE
    AND s.basis = $basis AND s.from_coding <= $coding AND s.to_coding > $coding
    AND (len($syndromes::VARCHAR[]) = 0 OR list_contains($syndromes::VARCHAR[], s.syndrome))
GROUP BY ALL
ORDER BY ALL
