-- Offenders only: one row per visit day touched in the nights $first to $last, whose counted acts differ from the visits in force. Must return no row.
-- $whole: the first visit day whose visits were not purged. $oldest: the first day touched (older rows are not looked at).
WITH touched AS (
    SELECT DISTINCT event_date AS visit_day FROM visits
    WHERE from_night >= $since::DATE AND (from_night BETWEEN $first::DATE AND $last::DATE OR to_night BETWEEN $first::DATE AND $last::DATE)
),
kept AS (
    SELECT event_date AS visit_day, count(*) AS visits FROM visits
    WHERE to_night = DATE '9999-12-31' AND status = 'active' AND list_contains($acts, act_type)
        AND event_date IN (FROM touched) AND event_date >= $whole::DATE AND from_night >= $oldest::DATE - 1
    GROUP BY event_date
),
counted AS (SELECT visit_day, sum(visits_all) AS visits FROM denominators WHERE night >= $oldest::DATE - 1 AND visit_day IN (FROM touched) AND visit_day >= $whole::DATE
    GROUP BY visit_day)
SELECT visit_day, kept.visits, counted.visits AS counted FROM kept LEFT JOIN counted USING (visit_day)
WHERE kept.visits IS DISTINCT FROM counted.visits
