-- One row per ISO week, région of the association, series (basis) and syndrome that counted anywhere: acts that count in it, zeros too,
-- with their denominators. It does not say whether every association sent every day: surveillance query does (`complete`).
CREATE TEMP VIEW weekly_counts AS
WITH below AS (
    SELECT strftime(visit_day, '%G-W%V') AS week, region, sum(visits_all)::BIGINT AS visits_all,
        sum(visits_coded)::BIGINT AS visits_coded, sum(visits_reason)::BIGINT AS visits_reason
    FROM (SELECT visit_day, association, sum(visits_all) AS visits_all, sum(visits_coded) AS visits_coded,
            sum(visits_reason) AS visits_reason FROM daily_denominators GROUP BY ALL)
    JOIN (SELECT association, region FROM temp.territories) USING (association) GROUP BY ALL
),
above AS (
    SELECT strftime(visit_day, '%G-W%V') AS week, region, basis, syndrome, sum(visits)::BIGINT AS visits
    FROM (SELECT visit_day, association, basis, syndrome, sum(visits) AS visits FROM daily_counts GROUP BY ALL)
    JOIN (SELECT association, region FROM temp.territories) USING (association) GROUP BY ALL
)
SELECT week, region, basis, syndrome, coalesce(visits, 0) AS visits, visits_all,
    if(basis = 'diagnosis', visits_coded, visits_reason) AS visits_coded,
    coalesce(visits, 0) / nullif(if(basis = 'diagnosis', visits_coded, visits_reason), 0) AS share_coded
FROM below CROSS JOIN (SELECT DISTINCT basis, syndrome FROM above) LEFT JOIN above USING (week, region, basis, syndrome);
COMMENT ON VIEW weekly_counts IS 'One row per ISO week, région, series and syndrome: acts that count in it, zeros too, and denominators. Never add syndromes up';
COMMENT ON COLUMN weekly_counts.week IS 'ISO week of the visit day, as 2024-W03';
COMMENT ON COLUMN weekly_counts.region IS 'INSEE code of the région of the association';
COMMENT ON COLUMN weekly_counts.basis IS 'diagnosis (the published series) or reason (call reasons)';
COMMENT ON COLUMN weekly_counts.syndrome IS 'id of the case definition';
COMMENT ON COLUMN weekly_counts.visits IS 'acts that count in it';
COMMENT ON COLUMN weekly_counts.visits_all IS 'all acts';
COMMENT ON COLUMN weekly_counts.visits_coded IS 'acts with a diagnosis (by reason: with a call reason): the denominator';
COMMENT ON COLUMN weekly_counts.share_coded IS 'visits over visits_coded, 0 to 1';
