-- The versions in force before tonight that a line of tonight replaces.
UPDATE visits SET to_night = $night::DATE
WHERE to_night = DATE '9999-12-31' AND from_night >= $since::DATE AND from_night < $night::DATE
    AND visit_uid IN (SELECT visit_uid FROM fates WHERE fate = 'loaded')
