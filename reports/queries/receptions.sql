-- One row per association: what became of its feed in the night, the visits its habits let expect (the registry's usual volume
-- where no habit is known), and the last night up to it when something came.
SELECT r.association, r.status, r.code, r.detail, coalesce(v.expected, r.usual_volume) AS expected, v.low, r.day_visits AS visits, r.late_visits, r.withdrawn,
    (SELECT max(p.night) FROM receptions p
     WHERE p.association = r.association AND p.status IN ('received', 'partial') AND p.night <= $night::DATE) AS last_night_received
FROM receptions r
LEFT JOIN findings v ON v.night = r.night AND v.association = r.association AND v."check" = 'volume'
WHERE r.night = $night::DATE ORDER BY r.association
