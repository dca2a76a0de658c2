-- One row per line accepted tonight that has something to be compared with: its fate (loaded, duplicate, superseded) and the
-- version of the visit that it makes. Every other line is the first and only one of its visit: loaded, version 1.
-- Versions of a visit follow one another by when their file was laid out at the association (`sent`), whichever night and in
-- whichever order they reach us: a line is a duplicate when it says the same as the version before it, or as the next one held;
-- superseded when a later version is held (or one that was said again later), or comes later tonight; else it is loaded, in force.
CREATE OR REPLACE TEMP TABLE fates AS
WITH lines AS (SELECT arrival, visit_uid, content_hash, file_sha256, line_no, sent FROM incoming),
held AS (
    SELECT visit_uid, content_hash, file_sha256, line_no, unnest(list_filter([sent, confirmed], lambda x: x IS NOT NULL)) AS sent,
        rec_version AS held_version
    FROM met
),
contested AS (
    SELECT visit_uid FROM lines GROUP BY visit_uid HAVING count(*) > 1 UNION SELECT visit_uid FROM held
),
known AS (
    SELECT arrival, visit_uid, content_hash, file_sha256, line_no, sent, NULL::INTEGER AS held_version
    FROM lines WHERE visit_uid IN (FROM contested)
    UNION ALL SELECT NULL, * FROM held
),
compared AS (
    SELECT arrival, visit_uid, sent, file_sha256, line_no,
        content_hash IS NOT DISTINCT FROM lag(content_hash) OVER visit
            OR content_hash IS NOT DISTINCT FROM first_value(if(held_version IS NOT NULL, content_hash, NULL) IGNORE NULLS) OVER after AS same,
        coalesce(max(held_version) OVER (PARTITION BY visit_uid), 0) AS held_version,
        count(held_version) OVER after AS held_after
    FROM known
    WINDOW visit AS (PARTITION BY visit_uid ORDER BY sent, file_sha256, line_no, held_version NULLS LAST),
        after AS (PARTITION BY visit_uid ORDER BY sent, file_sha256, line_no, held_version NULLS LAST
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
),
settled AS (
    SELECT arrival,
        held_version + count(*) FILTER (NOT same) OVER earlier AS rec_version,
        CASE WHEN same THEN 'duplicate'
             WHEN held_after > 0 OR count(*) FILTER (NOT same) OVER later > 0 THEN 'superseded'
             ELSE 'loaded' END AS fate
    FROM compared WHERE arrival IS NOT NULL
    WINDOW earlier AS (PARTITION BY visit_uid ORDER BY sent, file_sha256, line_no ROWS UNBOUNDED PRECEDING),
        later AS (PARTITION BY visit_uid ORDER BY sent, file_sha256, line_no ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
)
SELECT arrival, visit_uid, content_hash, sent, rec_version, fate FROM settled JOIN lines USING (arrival)
