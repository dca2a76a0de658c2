-- One row per line accepted tonight: its fate (loaded, duplicate, superseded) and the version of the visit that it makes.
-- A line is a duplicate when it says the same as the version before it, superseded when a later line of the night replaces it.
CREATE OR REPLACE TEMP TABLE fates AS
WITH lines AS (SELECT arrival, visit_uid, content_hash, association, file_sha256, event_date, status FROM incoming),
held AS (
    SELECT visit_uid, rec_version, content_hash FROM visits
    WHERE to_night = DATE '9999-12-31' AND visit_uid IN (SELECT visit_uid FROM lines)
),
compared AS (
    SELECT l.*, coalesce(h.rec_version, 0) AS held_version,
        coalesce(lag(l.content_hash) OVER visit, h.content_hash) IS NOT DISTINCT FROM l.content_hash AS same
    FROM lines l LEFT JOIN held h USING (visit_uid)
    WINDOW visit AS (PARTITION BY l.visit_uid ORDER BY l.arrival)
)
SELECT * EXCLUDE (content_hash, held_version, same),
    held_version + count(*) FILTER (NOT same) OVER (PARTITION BY visit_uid ORDER BY arrival) AS rec_version,
    CASE WHEN same THEN 'duplicate'
         WHEN count(*) FILTER (NOT same) OVER (PARTITION BY visit_uid ORDER BY arrival DESC) > 1 THEN 'superseded'
         ELSE 'loaded' END AS fate
FROM compared
