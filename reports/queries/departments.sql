-- One row per département of care and syndrome: the last 7 settled days, and (before) the 7 days before them.
WITH totals AS (
    SELECT department,
        coalesce(sum(visits_coded) FILTER (visit_day > $settled::DATE - 7), 0)::INTEGER AS visits_coded,
        coalesce(sum(visits_coded) FILTER (visit_day <= $settled::DATE - 7), 0)::INTEGER AS visits_coded_before
    FROM known_totals WHERE visit_day > $settled::DATE - 14 AND visit_day <= $settled::DATE GROUP BY ALL
),
counted AS (
    SELECT department, syndrome,
        coalesce(sum(visits) FILTER (visit_day > $settled::DATE - 7), 0)::INTEGER AS visits,
        coalesce(sum(visits) FILTER (visit_day <= $settled::DATE - 7), 0)::INTEGER AS visits_before
    FROM known_counts WHERE visit_day > $settled::DATE - 14 AND visit_day <= $settled::DATE GROUP BY ALL
)
SELECT department, syndrome, coalesce(visits, 0)::INTEGER AS visits, visits_coded,
    coalesce(visits_before, 0)::INTEGER AS visits_before, visits_coded_before
FROM totals CROSS JOIN (SELECT unnest($syndromes::VARCHAR[]) AS syndrome) LEFT JOIN counted USING (department, syndrome)
ORDER BY ALL
