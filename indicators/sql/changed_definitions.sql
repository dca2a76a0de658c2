-- One row per syndrome that acts of these visit days counted in by more than one version of its definition.
SELECT syndrome, string_agg(DISTINCT definition, ', ' ORDER BY definition) AS definitions
FROM (
    SELECT syndrome, definition FROM brief_counts
    WHERE visit_day BETWEEN $first::DATE AND $last::DATE AND night <= $night::DATE
    GROUP BY ALL HAVING sum(visits) > 0
)
GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL
