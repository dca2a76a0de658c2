-- One row per visit in force that a file which holds everything of its day, sent later, does not hold: a new version that says
-- `deleted` (`lacking`: visit_uid, sha256 and sent of that file). It counts no more; what was known before stays.
INSERT INTO visits BY NAME
SELECT v.* REPLACE (
    v.rec_version + 1 AS rec_version, -(row_number() OVER (ORDER BY v.visit_uid))::INTEGER AS arrival, $night::DATE AS from_night, DATE '9999-12-31' AS to_night, 'deleted' AS status,
    l.sha256 AS file_sha256, 0 AS line_no, l.sent AS sent, NULL AS confirmed, NULL AS confirmed_night,
    left(sha256(v.content_hash || ' deleted'), 16) AS content_hash
)
FROM visits v JOIN lacking l USING (visit_uid) WHERE v.to_night = $night::DATE AND v.rec_version = l.rec_version
ORDER BY v.visit_uid
