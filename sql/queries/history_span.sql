-- An account's currency, its newest instant, since when the finer levels are whole, and the trading days of statements' net asset
-- values.
SELECT coalesce(p.currency, a.base_currency) AS currency,
       p.as_of AS newest,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'portfolio' AND r.level = '1m') AS minutes_from,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'portfolio' AND r.level = '1h') AS hours_from,
       (SELECT n.day FROM statement_nav n JOIN market_sessions m ON m.session_date = n.day WHERE n.account = a.account ORDER BY n.day LIMIT 1) AS nav_first,
       (SELECT n.day FROM statement_nav n JOIN market_sessions m ON m.session_date = n.day WHERE n.account = a.account ORDER BY n.day DESC LIMIT 1) AS nav_last
  FROM accounts a
  LEFT JOIN portfolio_latest p USING (account)
 WHERE a.account = :account
