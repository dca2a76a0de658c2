-- One row per code of a diagnosis (diag) or of a call reason (motif) of the versions told in the nights $told_first to $told_last,
-- of visit days from $since on, with the thesaurus that it is written in (`own`: see coded_visits.sql).
WITH chosen AS (
    SELECT v.thesaurus, coalesce(nullif(v.thesaurus, 'CIM10'), own.thesaurus) AS own_thesaurus, diagnoses, reason_codes
    FROM visits v LEFT JOIN own USING (association)
    WHERE from_night BETWEEN $told_first::DATE AND $told_last::DATE AND event_date >= $since::DATE
)
SELECT DISTINCT 'diag' AS kind, thesaurus, unnest(diagnoses) AS code FROM chosen
UNION ALL
SELECT DISTINCT 'motif', own_thesaurus, unnest(reason_codes) FROM chosen WHERE own_thesaurus IS NOT NULL
ORDER BY ALL
