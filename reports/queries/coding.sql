-- One row: how the acts received in the last nights were coded. acts (received, active), coded (at least one diagnosis),
-- lossy (a diagnosis whose CIM-10 code says more or less than its label), texts (a call reason given in words), read (of those, with a
-- concept), suspected (only suspected concepts), ambiguous (left uncoded because the text can mean two things).
SELECT count(*)::INTEGER AS acts, count(*) FILTER (len(diagnoses) > 0)::INTEGER AS coded,
    count(*) FILTER (list_contains(dq, 'MAP_LOSSY'))::INTEGER AS lossy,
    count(*) FILTER (reason_texts > 0)::INTEGER AS texts,
    count(*) FILTER (reason_texts > 0 AND len(reason_concepts) > 0)::INTEGER AS read,
    count(*) FILTER (len(reason_concepts) > 0 AND len(reason_suspected) = len(reason_concepts))::INTEGER AS suspected,
    count(*) FILTER (list_contains(dq, 'REASON_AMBIG'))::INTEGER AS ambiguous
FROM visits
WHERE from_night BETWEEN $coding_first::DATE AND $night::DATE AND to_night > $night::DATE AND status = 'active'
    AND list_contains($acts, act_type)
