-- One row per step of $days days (from $first), association, syndrome and group of ages: acts as known after the night.
-- association, syndrome, age: places in the tables watched_associations, watched_syndromes, watched_ages.
SELECT ((c.visit_day - $first::DATE) // $days)::INTEGER AS step, t.place AS association, s.place AS syndrome,
    a.place AS age, sum(c.visits)::DOUBLE AS visits
FROM brief_counts c
JOIN watched_associations t USING (association)
JOIN watched_syndromes s USING (syndrome)
JOIN watched_ages a USING (age_band)
WHERE c.visit_day BETWEEN $first::DATE AND $last::DATE AND c.night <= $night::DATE
GROUP BY ALL
