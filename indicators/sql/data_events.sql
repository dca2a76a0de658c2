-- One row per data event of a night: the nation first, then régions, then associations.
SELECT scope, territory, "check", visit_day, observed, expected, low, high, sentence_fr FROM data_events
WHERE night = $night::DATE
ORDER BY CASE scope WHEN 'national' THEN 0 WHEN 'region' THEN 1 ELSE 2 END, territory, "check"
