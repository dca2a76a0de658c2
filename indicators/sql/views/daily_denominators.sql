-- One row per visit day, association, département of care, age band, sex and type of act: the denominators. The ledger holds what each
-- night changed: what is known is the sum over the nights until then.
CREATE TEMP VIEW daily_denominators AS
SELECT visit_day, association, department, age_band, sex, act_type, sum(visits_all)::BIGINT AS visits_all,
    sum(visits_coded)::BIGINT AS visits_coded, sum(visits_reason)::BIGINT AS visits_reason
FROM surveillance.main.denominators WHERE night <= known_night()
GROUP BY ALL HAVING sum(visits_all) <> 0;
COMMENT ON VIEW daily_denominators IS 'One row per visit day, association, département of care, age band, sex and type of act: acts, coded acts';
COMMENT ON COLUMN daily_denominators.visit_day IS 'day on which the acts took place';
COMMENT ON COLUMN daily_denominators.association IS 'code of the association';
COMMENT ON COLUMN daily_denominators.department IS 'département of care';
COMMENT ON COLUMN daily_denominators.age_band IS 'base age band';
COMMENT ON COLUMN daily_denominators.sex IS 'M, F, I, NR';
COMMENT ON COLUMN daily_denominators.act_type IS 'VISITE or CENTRE';
COMMENT ON COLUMN daily_denominators.visits_all IS 'acts';
COMMENT ON COLUMN daily_denominators.visits_coded IS 'acts with at least one diagnosis: the denominator of the published shares';
COMMENT ON COLUMN daily_denominators.visits_reason IS 'acts with at least one call reason: the denominator of the series by reason';
