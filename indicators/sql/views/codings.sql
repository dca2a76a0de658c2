-- One row per coding: which case definitions were in force from which night on, and who adopted them.
CREATE TEMP VIEW codings AS
FROM surveillance.main.codings WHERE from_night <= known_night();
COMMENT ON VIEW codings IS 'One row per coding: which definitions were in force from which night on, and who adopted them';
COMMENT ON COLUMN codings.number IS 'number of the coding';
COMMENT ON COLUMN codings.from_night IS 'first night coded with it';
COMMENT ON COLUMN codings.recoded_since IS 'first visit day whose history was coded again; empty: only what was new';
