-- One row per night × visit day × association × département of care × age band × sex × type of act × syndrome × version of its
-- definition,
-- for each end of the nights in which versions counted: what became known that night changed the visits that count there ($basis: by diagnosis or by call reason). A visit
-- begins to count with the night that told it, or with the coding that gave it the syndrome; it ends with the night that corrected
-- or withdrew it, or with the coding that took the syndrome away. What is known after a night is the sum up to it.
-- $acts: the types of act that are acts (indicators/acts.toml). `coding_nights`: the night from which each coding is in force.
-- $told_first, $told_last: the nights whose versions are looked at; $first, $last: the nights whose changes are given; only
-- versions that begin or end in them, where history was not coded again in them ($recoded).
WITH spans AS (
    SELECT v.event_date AS visit_day, v.association, v.dep_care AS department, v.age_band, v.sex, v.act_type,
        s.syndrome, s.definition,
        greatest(v.from_night, coalesce(begun.night, v.from_night)) AS from_night,
        least(v.to_night, coalesce(ended.night, v.to_night)) AS to_night, count(*)::INTEGER AS visits
    FROM visits v JOIN visit_syndromes s USING (from_night, arrival)
    LEFT JOIN coding_nights begun ON begun.number = s.from_coding
    LEFT JOIN coding_nights ended ON ended.number = s.to_coding
    WHERE v.status = 'active' AND list_contains($acts, v.act_type) AND s.basis = $basis
        AND v.from_night BETWEEN $told_first::DATE AND $told_last::DATE
        AND ($recoded OR v.from_night BETWEEN $first::DATE AND $last::DATE OR v.to_night BETWEEN $first::DATE AND $last::DATE)
        AND s.from_night BETWEEN $told_first::DATE AND $told_last::DATE
    GROUP BY ALL
),
changes AS (
    SELECT from_night AS night, * EXCLUDE (from_night, to_night) FROM spans WHERE from_night < to_night
    UNION ALL
    SELECT to_night, * EXCLUDE (from_night, to_night) REPLACE (-visits AS visits) FROM spans
    WHERE from_night < to_night AND to_night < DATE '9999-12-31'
)
FROM changes WHERE night BETWEEN $first::DATE AND $last::DATE
