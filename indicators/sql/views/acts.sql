-- One row per act that counts: visits_now that are active and of a type that indicators/acts.toml counts. The number of its rows is
-- the denominator `visits_all`; `coded` ones make `visits_coded`.
CREATE TEMP VIEW acts AS
SELECT visit_uid, visit_day, strftime(visit_day, '%G-W%V') AS week, hour, association, t.region, department, act_type, age_y, age_m,
    age_band, sex, thesaurus, diagnoses, reason_codes, reason_concepts, reason_suspected, outcome,
    len(diagnoses) > 0 AS coded, len(reason_codes) > 0 OR len(reason_concepts) > 0 AS with_reason, from_night
FROM visits_now LEFT JOIN (SELECT association, region FROM temp.territories) t USING (association)
WHERE status = 'active' AND list_contains(counted_acts(), act_type);
COMMENT ON VIEW acts IS 'One row per act that counts (active, of a type that is counted), in the version in force';
COMMENT ON COLUMN acts.visit_uid IS 'pseudonym of the visit';
COMMENT ON COLUMN acts.visit_day IS 'day on which it took place';
COMMENT ON COLUMN acts.week IS 'ISO week of that day';
COMMENT ON COLUMN acts.hour IS 'hour of the act, 0 to 23';
COMMENT ON COLUMN acts.association IS 'code of the association';
COMMENT ON COLUMN acts.region IS 'région of the association';
COMMENT ON COLUMN acts.department IS 'département of care';
COMMENT ON COLUMN acts.act_type IS 'VISITE or CENTRE';
COMMENT ON COLUMN acts.age_y IS 'age in completed years';
COMMENT ON COLUMN acts.age_m IS 'age in completed months, below two years';
COMMENT ON COLUMN acts.age_band IS 'base age band';
COMMENT ON COLUMN acts.sex IS 'M, F, I, NR';
COMMENT ON COLUMN acts.thesaurus IS 'thesaurus of the diagnoses';
COMMENT ON COLUMN acts.diagnoses IS 'diagnosis codes as sent, the principal one first';
COMMENT ON COLUMN acts.reason_codes IS 'codes of call reasons as sent';
COMMENT ON COLUMN acts.reason_concepts IS 'what the words of call reasons say';
COMMENT ON COLUMN acts.reason_suspected IS 'of these, those only suspected';
COMMENT ON COLUMN acts.outcome IS 'what followed';
COMMENT ON COLUMN acts.coded IS 'has at least one diagnosis: counts in the denominator of the published shares';
COMMENT ON COLUMN acts.with_reason IS 'has at least one call reason: counts in the denominator of the series by reason';
COMMENT ON COLUMN acts.from_night IS 'night that told this version';
