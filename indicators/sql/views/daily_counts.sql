-- One row per visit day, association, département of care, age band, sex, type of act, series (basis) and syndrome in which acts count,
-- summed over what each night changed. A cell that is not there is a zero where daily_denominators has acts, and not known where it has
-- none. Never add syndromes up, nor the series.
CREATE TEMP VIEW daily_counts AS
SELECT visit_day, association, department, age_band, sex, act_type, basis, syndrome, sum(visits)::BIGINT AS visits
FROM (
    SELECT *, 'diagnosis' AS basis FROM surveillance.main.counts WHERE night <= known_night()
    UNION ALL BY NAME SELECT *, 'reason' AS basis FROM surveillance.main.reason_counts WHERE night <= known_night()
)
GROUP BY ALL HAVING sum(visits) <> 0;
COMMENT ON VIEW daily_counts IS 'One row per visit day, association, département of care, age band, sex, type of act, series and syndrome: acts that count in it. Never add syndromes up';
COMMENT ON COLUMN daily_counts.visit_day IS 'day on which the acts took place';
COMMENT ON COLUMN daily_counts.association IS 'code of the association';
COMMENT ON COLUMN daily_counts.department IS 'département of care';
COMMENT ON COLUMN daily_counts.age_band IS 'base age band';
COMMENT ON COLUMN daily_counts.sex IS 'M, F, I, NR';
COMMENT ON COLUMN daily_counts.act_type IS 'VISITE or CENTRE';
COMMENT ON COLUMN daily_counts.basis IS 'diagnosis (the published series) or reason (call reasons)';
COMMENT ON COLUMN daily_counts.syndrome IS 'id of the case definition';
COMMENT ON COLUMN daily_counts.visits IS 'acts that count in it';
