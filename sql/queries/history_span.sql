-- An account's currency, its newest instant, and since when the finer levels are whole.
SELECT coalesce(p.currency, a.base_currency) AS currency,
       p.as_of AS newest,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'portfolio' AND r.level = '1m') AS minutes_from,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'portfolio' AND r.level = '1h') AS hours_from
  FROM accounts a
  LEFT JOIN portfolio_latest p USING (account)
 WHERE a.account = :account
