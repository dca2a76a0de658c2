-- One row per data event of the night: the nation first, then régions, then associations.
SELECT scope, territory, "check", observed, expected, low, high, sentence_fr FROM data_events
WHERE night = $night::DATE
ORDER BY CASE scope WHEN 'national' THEN 0 WHEN 'region' THEN 1 ELSE 2 END, territory, "check"
