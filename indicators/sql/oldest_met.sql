-- One row per night of a batch: the oldest night that told a version of a visit which has a line in it (`incoming_nights`: night,
-- visit_uid). $since: the first night whose visits can be meant.
SELECT i.night, min(v.from_night) AS oldest FROM incoming_nights i JOIN visits v USING (visit_uid)
WHERE v.from_night >= $since::DATE GROUP BY ALL
