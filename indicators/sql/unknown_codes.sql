-- One row per association and diagnosis code of the night that its thesaurus does not know on the day of the visit, with the number
-- of uses. `known`: thesaurus, code, and the days (both included) on which it means something.
INSERT INTO unknown_codes
WITH used AS (SELECT association, event_date, thesaurus, unnest(diagnoses) AS code FROM visits WHERE from_night = $night::DATE)
SELECT $night::DATE, association, thesaurus, code, count(*)::INTEGER FROM used u
WHERE NOT EXISTS (
    FROM known k WHERE k.thesaurus = u.thesaurus AND k.code = u.code AND u.event_date BETWEEN k.first AND k.last
)
GROUP BY ALL ORDER BY ALL
