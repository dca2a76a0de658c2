-- One row per association and visit day of the window: rows of the file VIS, and those with at least one diagnosis.
SELECT association, event_date, count(*)::INTEGER AS rows, count(*) FILTER (len(diagnoses) > 0)::INTEGER AS coded
FROM visits
WHERE from_night <= $night::DATE AND to_night > $night::DATE AND event_date BETWEEN $first::DATE AND $last::DATE
GROUP BY ALL ORDER BY ALL
