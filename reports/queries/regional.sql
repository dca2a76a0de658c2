-- One row per ISO week of the last five, région and syndrome.
WITH totals AS (
    SELECT date_trunc('week', visit_day)::DATE AS week_monday, region, sum(visits_coded)::INTEGER AS visits_coded
    FROM known_totals JOIN territories USING (department) WHERE visit_day >= $first_week::DATE GROUP BY ALL
),
counted AS (
    SELECT date_trunc('week', visit_day)::DATE AS week_monday, region, syndrome, sum(visits)::INTEGER AS visits
    FROM known_counts JOIN territories USING (department) GROUP BY ALL
)
SELECT week_monday, region, syndrome, coalesce(visits, 0)::INTEGER AS visits, visits_coded, week_monday + 6 <= $week_settled::DATE AS complete
FROM totals CROSS JOIN (SELECT unnest($syndromes::VARCHAR[]) AS syndrome) LEFT JOIN counted USING (week_monday, region, syndrome)
ORDER BY ALL
