-- One row per new version of a visit. A version superseded within the night is kept, in force for no night at all.
INSERT INTO visits BY NAME
SELECT i.visit_uid, coalesce(f.rec_version, 1)::INTEGER AS rec_version, $night::DATE AS from_night,
    i.arrival, CASE f.fate WHEN 'superseded' THEN $night::DATE ELSE DATE '9999-12-31' END AS to_night,
    i.association, i.status, i.event_date, hour, act_type, dep_care, dep_res, age_y, age_m, age_band, sex, i.thesaurus, diagnoses,
    reason_codes, reason_concepts, reason_suspected, reason_texts, outcome,
    CASE WHEN list_has_any(i.diagnoses, l.codes) THEN list_append(dq, 'MAP_LOSSY') ELSE dq END AS dq, i.file_sha256, line_no, dialect, i.content_hash, i.sent
FROM incoming i LEFT JOIN fates f USING (arrival) LEFT JOIN lossy l ON l.thesaurus = i.thesaurus WHERE f.fate IS DISTINCT FROM 'duplicate'
