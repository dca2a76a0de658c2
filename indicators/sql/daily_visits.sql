-- One row per visit of the window, in the version in force after the night $night (file VIS): pseudonymised, nothing that identifies.
-- A visit withdrawn since stays in the file with its status, so that the receiver withdraws it too.
SELECT 'draft-0' AS schema, visit_uid, association AS assoc, strftime(event_date, '%Y-%m-%d') AS event_date, hour, act_type,
    dep_res, age_y, age_m, sex, array_to_string(list_concat(reason_codes, reason_concepts), '|') AS reason_codes,
    diagnoses[1] AS diag1, diagnoses[2] AS diag2, diagnoses[3] AS diag3, outcome,
    CASE WHEN outcome IN ('HOSPIT', 'SAU', 'SAMU') THEN 1 ELSE 0 END AS hospit, rec_version, status,
    array_to_string(dq, '|') AS dq
FROM visits
WHERE from_night <= $night::DATE AND to_night > $night::DATE AND visits.event_date BETWEEN $first::DATE AND $last::DATE
ORDER BY visits.event_date, association, visit_uid
