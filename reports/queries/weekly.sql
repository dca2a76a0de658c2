-- One row per ISO week (its Monday) and syndrome, France. Complete: all seven days have acts, and the Sunday is settled.
WITH totals AS (
    SELECT date_trunc('week', visit_day)::DATE AS week_monday, sum(visits_all)::INTEGER AS visits_all,
        sum(visits_coded)::INTEGER AS visits_coded, count(DISTINCT visit_day) = 7 AS whole
    FROM known_totals GROUP BY ALL
),
counted AS (
    SELECT date_trunc('week', visit_day)::DATE AS week_monday, syndrome, sum(visits)::INTEGER AS visits FROM known_counts GROUP BY ALL
)
SELECT week_monday, syndrome, coalesce(visits, 0)::INTEGER AS visits, visits_all, visits_coded,
    whole AND week_monday + 6 <= $week_settled::DATE AS complete
FROM totals CROSS JOIN (SELECT unnest($syndromes::VARCHAR[]) AS syndrome) LEFT JOIN counted USING (week_monday, syndrome)
ORDER BY ALL
