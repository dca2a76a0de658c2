-- One row per new version of a visit. A version superseded within the night is kept, in force for no night at all.
INSERT INTO visits BY NAME
SELECT visit_uid, rec_version::INTEGER AS rec_version, $night::DATE AS from_night,
    CASE fate WHEN 'loaded' THEN DATE '9999-12-31' ELSE $night::DATE END AS to_night,
    association, status, event_date, hour, act_type, dep_care, dep_res, age_y, age_m, age_band, sex, thesaurus, diagnoses,
    reason_codes, reason_concepts, outcome, dq, file_sha256, line_no, dialect, content_hash
FROM fates WHERE fate <> 'duplicate' ORDER BY arrival
