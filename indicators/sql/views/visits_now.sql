-- One row per visit, in the version in force: pseudonymised, cancelled and withdrawn ones too (`status`), whatever the type of act.
-- `known_night()`: the night after which it is known; the last published one, or that of --as-of.
CREATE TEMP VIEW visits_now AS
SELECT visit_uid, event_date AS visit_day, hour, association, status, act_type, dep_care AS department, age_y, age_m, age_band, sex,
    thesaurus, diagnoses, reason_codes, reason_concepts, reason_suspected, outcome, dq, from_night, rec_version
FROM surveillance.main.visits
WHERE from_night <= known_night() AND to_night > known_night();
COMMENT ON VIEW visits_now IS 'One row per visit, in the version in force: pseudonymised, cancelled and withdrawn ones too';
COMMENT ON COLUMN visits_now.visit_uid IS 'pseudonym of the visit: the same each time it is sent';
COMMENT ON COLUMN visits_now.visit_day IS 'day on which it took place';
COMMENT ON COLUMN visits_now.hour IS 'hour of the act, 0 to 23';
COMMENT ON COLUMN visits_now.association IS 'code of the association (table territories)';
COMMENT ON COLUMN visits_now.status IS 'active, cancelled, deleted';
COMMENT ON COLUMN visits_now.act_type IS 'VISITE, CENTRE, and those that are not counted (indicators/acts.toml)';
COMMENT ON COLUMN visits_now.department IS 'département of care';
COMMENT ON COLUMN visits_now.age_y IS 'age in completed years';
COMMENT ON COLUMN visits_now.age_m IS 'age in completed months, below two years';
COMMENT ON COLUMN visits_now.age_band IS 'base age band (table age_groups makes groups of them); NR: not known';
COMMENT ON COLUMN visits_now.sex IS 'M, F, I, NR';
COMMENT ON COLUMN visits_now.thesaurus IS 'thesaurus of the diagnoses';
COMMENT ON COLUMN visits_now.diagnoses IS 'diagnosis codes as sent, the principal one first';
COMMENT ON COLUMN visits_now.reason_codes IS 'codes of call reasons as sent';
COMMENT ON COLUMN visits_now.reason_concepts IS 'what the words of call reasons say';
COMMENT ON COLUMN visits_now.reason_suspected IS 'of these, those only suspected';
COMMENT ON COLUMN visits_now.outcome IS 'what followed: DOMICILE, HOSPIT, SAU, …';
COMMENT ON COLUMN visits_now.dq IS 'checks that the line set off';
COMMENT ON COLUMN visits_now.from_night IS 'night that told this version';
COMMENT ON COLUMN visits_now.rec_version IS 'number of this version';
