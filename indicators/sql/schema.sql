-- The tables of the store. It is rebuilt from the records by `surveillance replay`; nothing lives only here.

-- One row per version of a visit: known from the night `from_night` until the night `to_night` (9999-12-31: in force).
CREATE TABLE IF NOT EXISTS visits (
    visit_uid VARCHAR, rec_version INTEGER, from_night DATE, to_night DATE,
    arrival INTEGER, -- place among the lines of the night: with from_night, what names a version; negative: no line told it
    association VARCHAR, status VARCHAR, event_date DATE, hour TINYINT, act_type VARCHAR,
    dep_care VARCHAR, dep_res VARCHAR, age_y SMALLINT, age_m SMALLINT, age_band VARCHAR, sex VARCHAR,
    thesaurus VARCHAR, diagnoses VARCHAR[], reason_codes VARCHAR[], reason_concepts VARCHAR[],
    reason_suspected VARCHAR[], reason_texts TINYINT, -- of the concepts those only suspected; how many texts were given
    outcome VARCHAR, dq VARCHAR[], file_sha256 VARCHAR, line_no INTEGER, dialect VARCHAR, content_hash VARCHAR,
    sent VARCHAR, -- when the file was laid out (UTC) and its name: the order of the versions
    confirmed VARCHAR, confirmed_night DATE -- the last time the same was sent again, and the night we were told
);
COMMENT ON TABLE visits IS 'One row per version of a visit, pseudonymised, with the nights between which it was in force';

-- One row per version of a visit (from_night, arrival), series (basis: diagnosis, reason) and syndrome that it counts in, with the version of the
-- definition that says so: in the codings from `from_coding` on, before `to_coding` (2147483647: still).
CREATE TABLE IF NOT EXISTS visit_syndromes (
    from_night DATE, arrival INTEGER, basis VARCHAR DEFAULT 'diagnosis', syndrome VARCHAR,
    definition VARCHAR DEFAULT '1', from_coding INTEGER DEFAULT 1, to_coding INTEGER DEFAULT 2147483647
);
COMMENT ON TABLE visit_syndromes IS 'One row per version of a visit, basis and syndrome it counts in, with the codings between which it did';

-- One row per coding: the definitions, thesauri and nomenclatures in force from a night on (codings/codings.jsonl of the state folder).
CREATE TABLE IF NOT EXISTS codings (
    number INTEGER, digest VARCHAR, version VARCHAR, from_night DATE,
    recoded_since DATE, -- the first visit day whose history was coded again with it; empty: only what was new
    who VARCHAR, why VARCHAR
);
COMMENT ON TABLE codings IS 'One row per coding: which definitions were in force from which night on, and who adopted them';

-- One row per diagnosis code that no thesaurus knows, per night and association.
CREATE TABLE IF NOT EXISTS unknown_codes (night DATE, association VARCHAR, thesaurus VARCHAR, code VARCHAR, uses INTEGER);

-- One row per night, association and word of call reasons that nobody knows, where it is frequent enough to be nobody's own.
CREATE TABLE IF NOT EXISTS reason_words (night DATE, association VARCHAR, word VARCHAR, uses INTEGER);
COMMENT ON TABLE reason_words IS 'One row per night, association and frequent word of call reasons that the coder does not know';

-- One row per association and night: what became of its feed.
CREATE TABLE IF NOT EXISTS receptions (
    night DATE, association VARCHAR, status VARCHAR, code VARCHAR, detail VARCHAR, files INTEGER,
    lines_in INTEGER, loaded INTEGER, duplicate INTEGER, superseded INTEGER, refused INTEGER, other INTEGER,
    corrected INTEGER, withdrawn INTEGER, day_visits INTEGER, late_visits INTEGER, usual_volume DOUBLE
);
COMMENT ON TABLE receptions IS 'One row per association and night: status, and what became of every line it sent';

-- One row per received file and night.
CREATE TABLE IF NOT EXISTS files (
    night DATE, association VARCHAR, name VARCHAR, sha256 VARCHAR, bytes BIGINT, dialect VARCHAR, status VARCHAR, code VARCHAR,
    detail VARCHAR, lines_in INTEGER, accepted INTEGER, refused INTEGER, other INTEGER,
    loaded INTEGER, duplicate INTEGER, superseded INTEGER,
    sent VARCHAR, replaced_days DATE[] -- the days of which the file holds everything, by its dialect's window
);
COMMENT ON TABLE files IS 'One row per received file and night: lines_in = loaded + duplicate + superseded + refused + other (header, blank, total)';

-- The counts are ledgers: what each night changed. What is known after a night is the sum of the rows up to it, what is known now
-- the sum of all; a row alone means nothing, and a correction brings a negative one.
-- One row per night × visit day × association × département × age band × sex × type of act × syndrome × version of its
-- definition: by diagnosis (the published series).
CREATE TABLE IF NOT EXISTS counts (
    night DATE, visit_day DATE, association VARCHAR, department VARCHAR, age_band VARCHAR, sex VARCHAR, act_type VARCHAR,
    syndrome VARCHAR, definition VARCHAR, visits INTEGER
);
COMMENT ON TABLE counts IS 'What each night changed in the acts that count in a syndrome by diagnosis, one row per night, visit day, association, département, age band, sex, type of act, syndrome and version of its definition. Sum up to a night: as known then. Never add syndromes up.';

-- The same by call reason: an earlier series of its own, never added to the one by diagnosis.
CREATE TABLE IF NOT EXISTS reason_counts (
    night DATE, visit_day DATE, association VARCHAR, department VARCHAR, age_band VARCHAR, sex VARCHAR, act_type VARCHAR,
    syndrome VARCHAR, definition VARCHAR, visits INTEGER
);
COMMENT ON TABLE reason_counts IS 'As counts, by call reason. Never add syndromes up, nor the two series.';

-- One row per night × visit day × association × département × age band × sex × type of act: what the night changed in all acts,
-- acts with at least one diagnosis, acts with at least one call reason (a code, or a concept found in its words).
CREATE TABLE IF NOT EXISTS denominators (
    night DATE, visit_day DATE, association VARCHAR, department VARCHAR, age_band VARCHAR, sex VARCHAR, act_type VARCHAR,
    visits_all INTEGER, visits_coded INTEGER, visits_reason INTEGER
);
COMMENT ON TABLE denominators IS 'What each night changed in the denominators, one row per night, visit day, association, département, age band, sex and type of act. Sum up to a night: as known then.';

-- The same ledgers by visit day, association and age band alone, which is enough for most questions and about half as long.
CREATE TABLE IF NOT EXISTS brief_counts (
    night DATE, visit_day DATE, association VARCHAR, age_band VARCHAR, syndrome VARCHAR, definition VARCHAR, visits INTEGER
);
CREATE TABLE IF NOT EXISTS brief_reason_counts (
    night DATE, visit_day DATE, association VARCHAR, age_band VARCHAR, syndrome VARCHAR, definition VARCHAR, visits INTEGER
);
CREATE TABLE IF NOT EXISTS brief_denominators (
    night DATE, visit_day DATE, association VARCHAR, age_band VARCHAR, visits_all INTEGER, visits_coded INTEGER,
    visits_reason INTEGER
);
COMMENT ON TABLE brief_counts IS 'The ledger counts by visit day, association and age band alone. Never add syndromes up.';
COMMENT ON TABLE brief_reason_counts IS 'The ledger reason_counts by visit day, association and age band alone. Never add syndromes up.';
COMMENT ON TABLE brief_denominators IS 'The ledger denominators by visit day, association and age band alone.';

-- One row per event of a night: alarms of one syndrome that hang together. The figures are those of its leading series.
CREATE TABLE IF NOT EXISTS signal_events (
    night DATE, event VARCHAR, rank INTEGER, shown BOOLEAN, syndrome VARCHAR, territory_kind VARCHAR, territory VARCHAR,
    age VARCHAR, first_day DATE, last_day DATE, duration INTEGER, observed DOUBLE, expected DOUBLE, low DOUBLE, high DOUBLE,
    excess DOUBLE, pvalue DOUBLE, severity DOUBLE, weight DOUBLE, alarms INTEGER, methods VARCHAR[], territories VARCHAR[],
    neighbours VARCHAR[], ages VARCHAR[], coded_share DOUBLE, late_share DOUBLE, doubtful BOOLEAN, reason VARCHAR,
    calendar VARCHAR, protocol VARCHAR
);
COMMENT ON TABLE signal_events IS 'One row per event of a night: alarms of one syndrome in neighbouring or nested territories, with its rank';

-- One row per alarm of an event: a series and its last day (of a week: its last one), by method.
CREATE TABLE IF NOT EXISTS signal_alarms (
    night DATE, event VARCHAR, method VARCHAR, syndrome VARCHAR, territory_kind VARCHAR, territory VARCHAR, age VARCHAR,
    first_day DATE, last_day DATE, observed DOUBLE, expected DOUBLE, threshold DOUBLE, statistic DOUBLE, pvalue DOUBLE
);
COMMENT ON TABLE signal_alarms IS 'One row per alarm of an event of a night, by method and series';

-- One row per data signal of a night: why what is counted may not be what happened (a feed lost, a strike, a new association…).
CREATE TABLE IF NOT EXISTS data_signals (
    night DATE, kind VARCHAR, scope VARCHAR, territory VARCHAR, first_day DATE, last_day DATE, detail VARCHAR
);
COMMENT ON TABLE data_signals IS 'One row per data signal of a night, told before the signals';

-- One row per association and night: the counts its habits are learnt from (profiles.parquet of the records).
CREATE TABLE IF NOT EXISTS profiles (
    night DATE, association VARCHAR, visit_day DATE, status VARCHAR, files INTEGER, lines INTEGER, visits_day INTEGER,
    visits_all INTEGER, coded INTEGER, codes INTEGER, unknown_codes INTEGER, age_known INTEGER, sex_known INTEGER,
    arrival BIGINT, closed BOOLEAN
);
COMMENT ON TABLE profiles IS 'One row per association and night: the counts from which its habits are learnt';

-- One row per association, night and check against its habits: passed, found, or not run and why.
CREATE TABLE IF NOT EXISTS findings (
    night DATE, association VARCHAR, "check" VARCHAR, state VARCHAR, severity VARCHAR, observed DOUBLE, expected DOUBLE,
    low DOUBLE, high DOUBLE, spread DOUBLE, score DOUBLE, why VARCHAR, waiver VARCHAR, sentence_fr VARCHAR
);
COMMENT ON TABLE findings IS 'One row per association, night and check against its habits: passed, found or not run';

-- One row per data event: what arrived for a territory or an association is not what happened there.
CREATE TABLE IF NOT EXISTS data_events (
    night DATE, visit_day DATE, scope VARCHAR, territory VARCHAR, "check" VARCHAR, observed DOUBLE, expected DOUBLE,
    low DOUBLE, high DOUBLE, sentence_fr VARCHAR
);
COMMENT ON TABLE data_events IS 'One row per data event of a night: national, regional, or of one association';

-- One row per state that a delivery went through.
CREATE TABLE IF NOT EXISTS deliveries (night DATE, seq INTEGER, state VARCHAR, happened_at VARCHAR, name VARCHAR, detail VARCHAR);
COMMENT ON TABLE deliveries IS 'One row per state of a delivery: built, sent, read back, acknowledged, refused';

-- One row per fact about the store itself.
CREATE TABLE IF NOT EXISTS facts (key VARCHAR, value VARCHAR);
