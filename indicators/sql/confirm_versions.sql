-- The versions in force that a line of tonight repeats: until when they were said, so that an older file that comes late does not
-- replace them.
UPDATE visits SET confirmed = again.sent, confirmed_night = $night::DATE
FROM (
    WITH repeated AS (
        SELECT visit_uid, content_hash, max(sent) AS sent FROM fates WHERE fate = 'duplicate' GROUP BY ALL
    ),
    there AS (
        SELECT place, visit_uid, content_hash, coalesce(confirmed, sent) AS until FROM met WHERE to_night = DATE '9999-12-31'
        UNION ALL
        SELECT rowid, visit_uid, content_hash, sent FROM visits
        WHERE from_night = $night::DATE AND to_night = DATE '9999-12-31' AND visit_uid IN (SELECT visit_uid FROM repeated)
    )
    SELECT place, repeated.sent FROM repeated JOIN there USING (visit_uid, content_hash) WHERE repeated.sent > until
) again
WHERE visits.rowid = again.place
