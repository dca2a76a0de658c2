-- One row per age scheme and base age band: the group it falls in (`bands`: what indicators/ages.toml says).
CREATE TEMP TABLE age_groups AS FROM bands;
COMMENT ON TABLE age_groups IS 'One row per age scheme and base age band: the group it falls in. Choose one scheme when joining';
COMMENT ON COLUMN age_groups.scheme IS 'gene5, sursaud7, bulletin, bronchio, all, …';
COMMENT ON COLUMN age_groups.age_band IS 'base band, as in every count';
COMMENT ON COLUMN age_groups.age_group IS 'the group of the scheme';
