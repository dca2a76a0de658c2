-- One row per version of a visit, series (basis) and syndrome that it counts in, with the version of the definition that says so:
-- versions told in the nights $told_first to $told_last, of visit days from $since on. A visit counts by one of its diagnoses, or
-- by one of its call reasons (codes, concepts); these are two series. `rules`: kind, thesaurus, code, ref, age limits in completed
-- months and visit days, all included, principal_only; `refs`: what a ref stands for (basis, syndrome, definition). `own`: the thesaurus of each association: call
-- reasons are coded in it even where its diagnoses come in the CIM-10. Age in months is exact below two years, twelve times the
-- age in years above; an unknown age satisfies no limit.
WITH chosen AS (
    SELECT from_night, arrival, event_date, coalesce(age_m, age_y * 12) AS months,
        v.thesaurus, coalesce(nullif(v.thesaurus, 'CIM10'), own.thesaurus) AS own_thesaurus, diagnoses, reason_codes, reason_concepts
    FROM visits v LEFT JOIN own USING (association)
    WHERE from_night BETWEEN $told_first::DATE AND $told_last::DATE AND event_date >= $since::DATE
),
said AS (
    SELECT from_night, arrival, event_date, months, 'diag' AS kind, thesaurus, unnest(diagnoses) AS code,
        generate_subscripts(diagnoses, 1) AS position
    FROM chosen
    UNION ALL SELECT from_night, arrival, event_date, months, 'motif', own_thesaurus, unnest(reason_codes), 1 FROM chosen
    UNION ALL SELECT from_night, arrival, event_date, months, 'concept', '', unnest(reason_concepts), 1 FROM chosen
),
found AS (
    SELECT DISTINCT s.from_night, s.arrival, r.ref
    FROM said s JOIN rules r USING (kind, thesaurus, code)
    WHERE s.event_date BETWEEN r.first AND r.last
        AND (r.age_min IS NULL OR s.months >= r.age_min)
        AND (r.age_max IS NULL OR s.months <= r.age_max)
        AND (s.position = 1 OR NOT r.principal_only)
)
SELECT from_night, arrival, refs.basis, refs.syndrome, refs.definition FROM found JOIN refs USING (ref)
