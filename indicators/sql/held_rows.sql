-- One row per row of visit_syndromes in force (`place`), of the versions told in the nights $told_first to $told_last, of visit days
-- from $since on, for the syndromes $syndromes (none: all): what is coded now, to be compared with what should be.
SELECT s.rowid AS place, s.from_night, s.arrival, s.basis, s.syndrome, s.definition
FROM visit_syndromes s SEMI JOIN (
    FROM visits WHERE from_night BETWEEN $told_first::DATE AND $told_last::DATE AND event_date >= $since::DATE
) v USING (from_night, arrival)
WHERE s.from_night BETWEEN $told_first::DATE AND $told_last::DATE AND s.to_coding = 2147483647
    AND (len($syndromes::VARCHAR[]) = 0 OR list_contains($syndromes::VARCHAR[], s.syndrome))
