-- One row per act in force, of the days $first to $last, and series (basis) that a tried definition counts in otherwise than the store
-- does: `change` is enters, leaves or stays. `before`, `after`: from_night, arrival, basis.
CREATE OR REPLACE TEMP TABLE moved AS
WITH acts AS (
    SELECT rowid AS place, from_night, arrival FROM visits
    WHERE to_night = DATE '9999-12-31' AND status = 'active' AND list_contains($acts, act_type)
        AND event_date BETWEEN $first::DATE AND $last::DATE
),
sides AS (
    SELECT from_night, arrival, basis, true AS held, false AS tried FROM before
    UNION ALL SELECT from_night, arrival, basis, false, true FROM after
),
paired AS (SELECT from_night, arrival, basis, bool_or(held) AS held, bool_or(tried) AS tried FROM sides GROUP BY ALL)
SELECT place, basis, CASE WHEN NOT held THEN 'enters' WHEN NOT tried THEN 'leaves' ELSE 'stays' END AS change
FROM paired JOIN acts USING (from_night, arrival)
