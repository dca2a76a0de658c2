-- One row per diagnosis code of the last nights that its thesaurus does not know, the most used first.
SELECT thesaurus, code, sum(uses)::INTEGER AS uses, count(DISTINCT association)::INTEGER AS associations,
    min(association) AS association, min(night) AS since
FROM unknown_codes WHERE night BETWEEN $coding_first::DATE AND $night::DATE
GROUP BY ALL ORDER BY uses DESC, thesaurus, code
