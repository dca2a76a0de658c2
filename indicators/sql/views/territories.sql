-- One row per association of the registry: where it is (`registry`: what extracts/associations.toml says).
CREATE TEMP TABLE territories AS FROM registry;
COMMENT ON TABLE territories IS 'One row per association of the registry: its place';
COMMENT ON COLUMN territories.association IS 'code';
COMMENT ON COLUMN territories.name IS 'name';
COMMENT ON COLUMN territories.department IS 'INSEE code of its département';
COMMENT ON COLUMN territories.region IS 'INSEE code of its région';
COMMENT ON COLUMN territories.since IS 'first night for which it is expected';
COMMENT ON COLUMN territories.until IS 'last one; 9999-12-31: no end is known';
