-- One row per syndrome, territory (France, région, département) and visit day: acts that count in the syndrome, as known after the night.
WITH placed AS (
    SELECT c.visit_day, c.syndrome, c.visits, c.department, t.region
    FROM counts c JOIN territories t ON t.department = c.department
    WHERE c.visit_day BETWEEN $first::DATE AND $last::DATE AND c.night <= $night::DATE
)
SELECT 'national' AS territory_kind, 'FR' AS territory, syndrome, visit_day, sum(visits)::DOUBLE AS visits FROM placed GROUP BY ALL
UNION ALL
SELECT 'region', region, syndrome, visit_day, sum(visits)::DOUBLE FROM placed GROUP BY ALL
UNION ALL
SELECT 'department', department, syndrome, visit_day, sum(visits)::DOUBLE FROM placed GROUP BY ALL
ORDER BY ALL
