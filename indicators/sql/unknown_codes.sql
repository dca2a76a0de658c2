-- One row per association and diagnosis code of the night that its thesaurus does not know, with the number of uses.
INSERT INTO unknown_codes
WITH used AS (SELECT association, thesaurus, unnest(diagnoses) AS code FROM visits WHERE from_night = $night::DATE)
SELECT $night::DATE, association, thesaurus, code, count(*)::INTEGER FROM used SEMI JOIN unknown USING (thesaurus, code)
GROUP BY ALL ORDER BY ALL
