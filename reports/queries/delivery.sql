-- One row per state that the night's last delivery went through: when first, and the name of the manifest.
SELECT seq, state, min(happened_at) AS at, max(name) AS name FROM deliveries
WHERE night = $night::DATE AND seq = (SELECT max(seq) FROM deliveries WHERE night = $night::DATE)
GROUP BY ALL ORDER BY ALL
