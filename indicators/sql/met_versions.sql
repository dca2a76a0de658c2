-- One row per version held of a visit that has a line tonight: what the line is compared with, and where it stands (`place`).
-- $since: the first night whose visits can be meant; a number that was last sent before stands for another visit.
CREATE OR REPLACE TEMP TABLE met AS
SELECT rowid AS place, visit_uid, rec_version, content_hash, file_sha256, line_no, sent, confirmed, to_night
FROM visits WHERE from_night >= $since::DATE AND visit_uid IN (SELECT visit_uid FROM incoming)
