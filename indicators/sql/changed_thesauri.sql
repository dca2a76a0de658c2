-- One row per association whose acts of these visit days came with more than one thesaurus: the last day of all but the newest.
WITH used AS (
    SELECT association, coalesce(thesaurus, '') AS thesaurus, max(event_date) AS last_day
    FROM visits WHERE event_date BETWEEN $first::DATE AND $last::DATE AND from_night <= $night::DATE AND to_night > $night::DATE
    GROUP BY 1, 2
)
SELECT association, max(last_day) AS last_day, string_agg(thesaurus, ', ' ORDER BY last_day) AS thesauri
FROM (SELECT *, row_number() OVER (PARTITION BY association ORDER BY last_day DESC, thesaurus) AS place FROM used)
WHERE place > 1 AND thesaurus <> ''
GROUP BY ALL ORDER BY ALL
