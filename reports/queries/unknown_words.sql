-- One row per word of the call reasons of the last nights that the coder does not know, the most used first.
SELECT word, sum(uses)::INTEGER AS uses, count(DISTINCT association)::INTEGER AS associations
FROM reason_words WHERE night BETWEEN $coding_first::DATE AND $night::DATE
GROUP BY ALL ORDER BY uses DESC, word
