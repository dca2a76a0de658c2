-- One row per ISO week of the last five, age class of the bulletin and syndrome: acts that count in it, all and coded acts.
WITH totals AS (
    SELECT date_trunc('week', visit_day)::DATE AS week_monday, age_group, sum(visits_all)::INTEGER AS visits_all,
        sum(visits_coded)::INTEGER AS visits_coded
    FROM known_age_totals JOIN age_groups USING (age_band) GROUP BY ALL
),
counted AS (
    SELECT date_trunc('week', visit_day)::DATE AS week_monday, age_group, syndrome, sum(visits)::INTEGER AS visits
    FROM known_age_counts JOIN age_groups USING (age_band) GROUP BY ALL
)
SELECT week_monday, syndrome, age_group, coalesce(visits, 0)::INTEGER AS visits, visits_all, visits_coded
FROM totals CROSS JOIN (SELECT unnest($syndromes::VARCHAR[]) AS syndrome) LEFT JOIN counted USING (week_monday, age_group, syndrome)
ORDER BY ALL
