-- Offenders only: one row per visit touched tonight that has not exactly one version in force. Must return no row.
SELECT visit_uid, count(*) FILTER (to_night = DATE '9999-12-31') AS in_force FROM visits
WHERE from_night >= $since::DATE AND visit_uid IN (SELECT visit_uid FROM visits WHERE from_night = $night::DATE)
GROUP BY visit_uid HAVING in_force <> 1
