-- A bar that was still forming is replaced by the later answer; one that is the same is left alone.
INSERT INTO price_bars AS b
SELECT * FROM json_populate_recordset(NULL::price_bars, %(rows)s)
ON CONFLICT (con_id, what, resolution, ts) DO UPDATE
   SET session_date = excluded.session_date,
       open = excluded.open,
       high = excluded.high,
       low = excluded.low,
       close = excluded.close,
       volume = excluded.volume
 WHERE (b.session_date, b.open, b.high, b.low, b.close, b.volume)
       IS DISTINCT FROM
       (excluded.session_date, excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
