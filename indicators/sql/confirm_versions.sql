-- The versions in force that a line of tonight repeats: until when they were said, so that an older file that comes late does not
-- replace them.
UPDATE visits SET confirmed = again.sent, confirmed_night = $night::DATE
FROM (SELECT visit_uid, content_hash, max(sent) AS sent FROM fates WHERE fate = 'duplicate' GROUP BY ALL) again
WHERE visits.visit_uid = again.visit_uid AND visits.content_hash = again.content_hash
    AND to_night = DATE '9999-12-31' AND visits.from_night >= $since::DATE AND again.sent > coalesce(visits.confirmed, visits.sent)
