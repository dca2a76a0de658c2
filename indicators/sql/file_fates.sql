-- One row per association and file of the night: what became of its accepted lines, the day most of them are for,
-- and how many visits are new (first version).
CREATE OR REPLACE TEMP TABLE file_fates AS
WITH lines AS (
    SELECT association, file_sha256, event_date, status, coalesce(fate, 'loaded') AS fate, coalesce(rec_version, 1) AS rec_version
    FROM incoming LEFT JOIN fates USING (arrival)
)
SELECT association, file_sha256,
    count(*) FILTER (fate = 'loaded')::INTEGER AS loaded, count(*) FILTER (fate = 'duplicate')::INTEGER AS duplicate,
    count(*) FILTER (fate = 'superseded')::INTEGER AS superseded,
    count(*) FILTER (fate = 'loaded' AND rec_version > 1)::INTEGER AS corrected,
    count(*) FILTER (fate <> 'duplicate' AND rec_version = 1)::INTEGER AS new_visits,
    count(*) FILTER (fate = 'loaded' AND status = 'active' AND event_date = $day::DATE)::INTEGER AS day_visits,
    count(*) FILTER (fate = 'loaded' AND status = 'active' AND rec_version = 1 AND event_date < $day::DATE)::INTEGER AS late_visits,
    mode(event_date ORDER BY event_date) AS main_day
FROM lines GROUP BY ALL ORDER BY ALL
