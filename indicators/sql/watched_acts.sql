-- One row per step of $days days (from $first) and association: all acts, coded ones, those told after the first night.
SELECT ((d.visit_day - $first::DATE) // $days)::INTEGER AS step, t.place AS association, sum(d.visits_all)::DOUBLE AS acts,
    sum(d.visits_coded)::DOUBLE AS coded, coalesce(sum(d.visits_all) FILTER (d.night > d.visit_day + 1), 0)::DOUBLE AS late
FROM brief_denominators d JOIN watched_associations t USING (association)
WHERE d.visit_day BETWEEN $first::DATE AND $last::DATE AND d.night <= $night::DATE
GROUP BY ALL
