-- One row per visit day, association and delay: visits told for the first time that many nights after the night of their day
-- (0: in the night that follows the day, as they should be). Visits cancelled later are counted: they were told all the same.
CREATE TEMP VIEW delays AS
SELECT event_date AS visit_day, association, datediff('day', event_date, from_night) - 1 AS delay, count(*) AS visits
FROM (
    SELECT visit_uid, arg_min(event_date, from_night) AS event_date, arg_min(association, from_night) AS association,
        min(from_night) AS from_night
    FROM surveillance.main.visits WHERE from_night <= known_night() GROUP BY visit_uid
)
GROUP BY ALL;
COMMENT ON VIEW delays IS 'One row per visit day, association and delay in nights: visits told for the first time that late';
COMMENT ON COLUMN delays.visit_day IS 'day on which they took place';
COMMENT ON COLUMN delays.association IS 'code of the association';
COMMENT ON COLUMN delays.delay IS 'nights late: 0 is the night that follows the day';
COMMENT ON COLUMN delays.visits IS 'visits first told then';
