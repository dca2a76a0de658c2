-- The versions in force before tonight that a line of tonight replaces.
UPDATE visits SET to_night = $night::DATE
WHERE rowid IN (
    SELECT place FROM met
    WHERE to_night = DATE '9999-12-31' AND visit_uid IN (SELECT visit_uid FROM fates WHERE fate = 'loaded')
)
