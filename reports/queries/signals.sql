-- One row per signal of the night.
SELECT method, syndrome, territory_kind, territory, visit_day, observed, expected, threshold, statistic, doubtful, reason
FROM signals WHERE night = $night::DATE ORDER BY ALL
