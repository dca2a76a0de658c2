-- One row per code (kind diag: of a diagnosis; motif: of a call reason; concept: found in its words) by which visits enter or leave
-- (`moved`) a tried definition. `rules`, as in coded_visits.sql with `change`: those of the tried definition for visits that enter,
-- those of the definition in force for visits that leave. A visit that moves by two codes is in both rows; one that left and that the
-- definition in force does not explain (it was coded by an older one) has no code.
WITH chosen AS (
    SELECT m.place, m.basis, m.change, v.event_date, coalesce(age_m, age_y * 12) AS months, v.thesaurus,
        coalesce(nullif(v.thesaurus, 'CIM10'), own.thesaurus) AS own_thesaurus, diagnoses, reason_codes, reason_concepts
    FROM moved m JOIN visits v ON v.rowid = m.place LEFT JOIN own USING (association) WHERE m.change <> 'stays'
),
said AS (
    SELECT place, basis, change, event_date, months, 'diag' AS kind, thesaurus, unnest(diagnoses) AS code,
        generate_subscripts(diagnoses, 1) AS position
    FROM chosen WHERE basis = 'diagnosis'
    UNION ALL SELECT place, basis, change, event_date, months, 'motif', own_thesaurus, unnest(reason_codes), 1 FROM chosen WHERE basis = 'reason'
    UNION ALL SELECT place, basis, change, event_date, months, 'concept', '', unnest(reason_concepts), 1 FROM chosen WHERE basis = 'reason'
),
found AS (
    SELECT DISTINCT s.place, s.basis, s.change, s.kind, s.thesaurus, s.code
    FROM said s JOIN rules r USING (kind, thesaurus, code, basis, change)
    WHERE s.event_date BETWEEN r.first AND r.last
        AND (r.age_min IS NULL OR s.months >= r.age_min)
        AND (r.age_max IS NULL OR s.months <= r.age_max)
        AND (s.position = 1 OR NOT r.principal_only)
)
SELECT basis, coalesce(kind, '') AS kind, coalesce(f.thesaurus, '') AS thesaurus, coalesce(code, '') AS code,
    count(*) FILTER (change = 'enters') AS entering, count(*) FILTER (change = 'leaves') AS leaving
FROM chosen LEFT JOIN found f USING (place, basis, change)
GROUP BY ALL ORDER BY entering + leaving DESC, basis, kind, thesaurus, code
