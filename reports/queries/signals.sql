-- One row per event of the night that is shown, by rank: figures of its most improbable series.
SELECT event, rank, array_to_string(methods, ', ') AS method, syndrome, territory_kind, territory, age, first_day,
    last_day AS visit_day, observed, expected, low, high, pvalue, doubtful, reason, calendar
FROM signal_events WHERE night = $night::DATE AND shown ORDER BY rank, event
