-- Offenders only: one row per visit, of those of a part ($part of $parts), without a version in force, or with several that a number
-- used again ($identity_days after) does not explain. Must return no row. For a store made anew: audit_versions.sql, all at once.
SELECT visit_uid, count(*) FILTER (to_night = DATE '9999-12-31') AS in_force FROM visits
WHERE hash(visit_uid) % $parts::UBIGINT = $part::UBIGINT
GROUP BY visit_uid
HAVING in_force = 0 OR (
    in_force > 1 AND max(from_night) FILTER (to_night = DATE '9999-12-31')
        - min(from_night) FILTER (to_night = DATE '9999-12-31') < $identity_days * (in_force - 1)
)
