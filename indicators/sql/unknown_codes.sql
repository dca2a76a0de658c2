-- One row per night from $first to $last, association and diagnosis code that its thesaurus does not know on the day of the visit, with the number
-- of uses. `known`: thesaurus, code, and the days (both included) on which it means something.
INSERT INTO unknown_codes
WITH used AS (SELECT from_night, association, event_date, thesaurus, unnest(diagnoses) AS code FROM visits WHERE from_night BETWEEN $first::DATE AND $last::DATE)
SELECT from_night, association, thesaurus, code, count(*)::INTEGER FROM used u
WHERE NOT EXISTS (
    FROM known k WHERE k.thesaurus = u.thesaurus AND k.code = u.code AND u.event_date BETWEEN k.first AND k.last
)
GROUP BY ALL ORDER BY ALL
