-- One row per association received tonight: its visits of the day, what its habits let expect, and its hour of arrival.
SELECT r.association, r.status, r.day_visits, v.expected, v.low, v.high, v.spread, a.expected AS minute, p.arrival
FROM receptions r
LEFT JOIN findings v ON v.night = r.night AND v.association = r.association AND v."check" = 'volume'
LEFT JOIN findings a ON a.night = r.night AND a.association = r.association AND a."check" = 'arrival'
LEFT JOIN profiles p ON p.night = r.night AND p.association = r.association
WHERE r.night = $night::DATE
