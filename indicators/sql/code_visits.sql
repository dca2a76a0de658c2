-- One row per new version of a visit and syndrome that one of its diagnoses counts in (`rules`: thesaurus, code, syndrome,
-- age limits in completed months, both included, principal_only). Age in months is exact below two years, twelve times the age in years above.
INSERT INTO visit_syndromes
WITH diagnoses AS (
    SELECT visit_uid, rec_version, thesaurus, coalesce(age_m, age_y * 12) AS months,
        unnest(diagnoses) AS code, generate_subscripts(diagnoses, 1) AS position
    FROM visits WHERE from_night = $night::DATE
)
SELECT DISTINCT d.visit_uid, d.rec_version, $night::DATE, r.syndrome
FROM diagnoses d JOIN rules r ON r.thesaurus = d.thesaurus AND r.code = d.code
WHERE (r.age_min IS NULL OR d.months >= r.age_min)
    AND (r.age_max IS NULL OR d.months <= r.age_max)
    AND (d.position = 1 OR NOT r.principal_only)
ORDER BY ALL
