-- One row per visit in force, series (basis: diagnosis, reason) and syndrome it counts in, as coded at the night it is known after.
-- A visit may count in several syndromes: never add them up, nor the two series. Join visits_now or acts on visit_uid.
CREATE TEMP VIEW visit_syndromes_now AS
SELECT v.visit_uid, v.event_date AS visit_day, v.association, s.basis, s.syndrome, s.definition
FROM surveillance.main.visit_syndromes s
JOIN surveillance.main.visits v USING (from_night, arrival)
WHERE v.from_night <= known_night() AND v.to_night > known_night()
    AND s.from_night <= known_night() AND s.from_coding <= known_coding() AND s.to_coding > known_coding();
COMMENT ON VIEW visit_syndromes_now IS 'One row per visit in force, series and syndrome it counts in. Never add syndromes up';
COMMENT ON COLUMN visit_syndromes_now.visit_uid IS 'pseudonym of the visit';
COMMENT ON COLUMN visit_syndromes_now.visit_day IS 'day on which it took place';
COMMENT ON COLUMN visit_syndromes_now.association IS 'code of the association';
COMMENT ON COLUMN visit_syndromes_now.basis IS 'diagnosis (the published series) or reason (call reasons)';
COMMENT ON COLUMN visit_syndromes_now.syndrome IS 'id of the case definition';
COMMENT ON COLUMN visit_syndromes_now.definition IS 'version of the definition that counts it';
