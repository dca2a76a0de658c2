-- One row per association: what became of its feed in the night, and the last night up to it when something came.
SELECT r.association, r.status, r.code, r.detail, r.usual_volume, r.day_visits AS visits, r.late_visits,
    (SELECT max(p.night) FROM receptions p
     WHERE p.association = r.association AND p.status IN ('received', 'partial') AND p.night <= $night::DATE) AS last_night_received
FROM receptions r WHERE r.night = $night::DATE ORDER BY r.association
