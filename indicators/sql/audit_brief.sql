-- Offenders only: one row per ledger and night from $first to $last whose abridged ledger adds up to another number. Must return
-- no row.
WITH rows AS (
    SELECT 'counts' AS ledger, night, visits AS n FROM counts
    UNION ALL SELECT 'counts', night, -visits FROM brief_counts
    UNION ALL SELECT 'reason_counts', night, visits FROM reason_counts
    UNION ALL SELECT 'reason_counts', night, -visits FROM brief_reason_counts
    UNION ALL SELECT unnest(['all acts', 'coded acts', 'acts with a reason']), night,
        unnest([visits_all, visits_coded, visits_reason]) FROM denominators
    UNION ALL SELECT unnest(['all acts', 'coded acts', 'acts with a reason']), night,
        unnest([-visits_all, -visits_coded, -visits_reason]) FROM brief_denominators
)
SELECT ledger, night, sum(n) AS difference FROM rows WHERE night BETWEEN $first::DATE AND $last::DATE
GROUP BY ALL HAVING sum(n) <> 0
