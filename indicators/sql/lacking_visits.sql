-- One row per visit in force that is lacking in a file which holds everything of its day and was sent later (tonight's files, and
-- tonight's visits against earlier files). A file that lacks more than a share of what was held is not believed: `believed`.
CREATE OR REPLACE TEMP TABLE lacking AS
WITH replacing AS (
    SELECT association, sha256, sent, night, unnest(replaced_days) AS event_date FROM files WHERE len(replaced_days) > 0
),
held AS (
    SELECT v.visit_uid, v.rec_version, v.association, v.event_date, r.sha256, r.sent,
        coalesce(v.confirmed, v.sent) < r.sent AS lacks, r.night = $night::DATE OR v.from_night = $night::DATE AS tonight
    FROM visits v JOIN replacing r USING (association, event_date)
    WHERE v.to_night = DATE '9999-12-31' AND v.status = 'active'
        AND (r.night = $night::DATE OR event_date IN (SELECT event_date FROM visits WHERE from_night = $night::DATE))
        AND v.from_night >= $since::DATE
),
judged AS (
    SELECT *, avg(lacks::INTEGER) OVER (PARTITION BY association, sha256) <= $share AS believed FROM held
)
SELECT visit_uid, rec_version, association, max_by(sha256, sent) AS sha256, max(sent) AS sent, bool_and(believed) AS believed
FROM judged WHERE lacks AND tonight GROUP BY ALL
