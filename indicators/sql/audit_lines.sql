-- Offenders only: one row per file of the nights $first to $last whose lines do not add up. Must return no row.
SELECT association, name, lines_in, loaded, duplicate, superseded, refused, other FROM files
WHERE night BETWEEN $first::DATE AND $last::DATE AND lines_in <> loaded + duplicate + superseded + refused + other
