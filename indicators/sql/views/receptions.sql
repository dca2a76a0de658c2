-- One row per association and night: what became of its feed.
CREATE TEMP VIEW receptions AS
SELECT night, association, status, code, files, lines_in, loaded, duplicate, superseded, refused, other, corrected, withdrawn,
    day_visits, late_visits, usual_volume
FROM surveillance.main.receptions WHERE night <= known_night();
COMMENT ON VIEW receptions IS 'One row per association and night: what became of its feed, and of every line';
COMMENT ON COLUMN receptions.night IS 'night of reception: the visits of the day before, and what came late';
COMMENT ON COLUMN receptions.association IS 'code of the association';
COMMENT ON COLUMN receptions.status IS 'received, late, absent, refused, closed, …';
COMMENT ON COLUMN receptions.code IS 'the reason, as a code';
COMMENT ON COLUMN receptions.lines_in IS 'lines = loaded + duplicate + superseded + refused + other';
COMMENT ON COLUMN receptions.day_visits IS 'visits of the day before';
COMMENT ON COLUMN receptions.late_visits IS 'visits of earlier days';
COMMENT ON COLUMN receptions.usual_volume IS 'visits a day that it usually sends';
