-- One row per version of a visit that is known, those that were replaced too: what we were told, and in which nights it was in force.
CREATE TEMP VIEW visit_history AS
SELECT visit_uid, rec_version, from_night, if(to_night > known_night(), DATE '9999-12-31', to_night) AS to_night,
    event_date AS visit_day, hour, association, status, act_type, dep_care AS department, age_y, age_m, age_band, sex,
    thesaurus, diagnoses, reason_codes, reason_concepts, reason_suspected, outcome, dq
FROM surveillance.main.visits
WHERE from_night <= known_night();
COMMENT ON VIEW visit_history IS 'One row per version of a visit, replaced ones too, with the nights in which it was in force';
COMMENT ON COLUMN visit_history.visit_uid IS 'pseudonym of the visit';
COMMENT ON COLUMN visit_history.rec_version IS 'number of the version, from 1';
COMMENT ON COLUMN visit_history.from_night IS 'night that told it: in force from then on';
COMMENT ON COLUMN visit_history.to_night IS 'first night after which it was no longer in force; 9999-12-31: it is';
COMMENT ON COLUMN visit_history.visit_day IS 'day on which the visit took place, as this version says';
COMMENT ON COLUMN visit_history.status IS 'active, cancelled, deleted';
