-- One row per visit day × département of care × age band × sex × indicator (file AGG). Indicators: `actes` (all acts),
-- `actes_codes` (acts with at least one diagnosis), then one per syndrome, by diagnosis. A visit counts in several: never add
-- indicators up. `counts_then`, `denominators_then`: as known after the night of the file, coded as it was that night.
WITH rows AS (
    SELECT visit_day, department, age_band, sex, 'actes' AS indicator, visits_all AS n FROM denominators_then
    UNION ALL SELECT visit_day, department, age_band, sex, 'actes_codes', visits_coded FROM denominators_then
    UNION ALL SELECT visit_day, department, age_band, sex, syndrome, visits FROM counts_then
)
SELECT 'draft-0' AS schema, strftime(visit_day, '%Y-%m-%d') AS event_date, department AS dep, age_band, sex, indicator, sum(n)::BIGINT AS n
FROM rows WHERE visit_day BETWEEN $first::DATE AND $last::DATE
GROUP BY ALL ORDER BY 2, 3, 4, 5, 6
