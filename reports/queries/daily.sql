-- One row per visit day of the chart and syndrome: acts that count in it, all acts and coded acts of that day (France).
WITH totals AS (
    SELECT visit_day, sum(visits_all)::INTEGER AS visits_all, sum(visits_coded)::INTEGER AS visits_coded
    FROM known_totals WHERE visit_day BETWEEN $first_day::DATE AND $last::DATE GROUP BY ALL
),
counted AS (SELECT visit_day, syndrome, sum(visits)::INTEGER AS visits FROM known_counts GROUP BY ALL)
SELECT visit_day, syndrome, coalesce(visits, 0)::INTEGER AS visits, visits_all, visits_coded
FROM totals CROSS JOIN (SELECT unnest($syndromes::VARCHAR[]) AS syndrome) LEFT JOIN counted USING (visit_day, syndrome)
ORDER BY ALL
