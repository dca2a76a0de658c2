-- Offenders only: one row per file of the night whose lines do not add up. Must return no row.
SELECT association, name, lines_in, loaded, duplicate, superseded, refused, other FROM files
WHERE night = $night::DATE AND lines_in <> loaded + duplicate + superseded + refused + other
