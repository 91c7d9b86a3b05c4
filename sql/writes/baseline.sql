-- Total P&L counts from the first figure that was believed.
UPDATE accounts
   SET base_currency = coalesce(%(currency)s, base_currency),
       baseline_at = CASE WHEN baseline_net_liquidation IS NULL THEN %(as_of)s ELSE baseline_at END,
       baseline_net_liquidation = coalesce(baseline_net_liquidation, %(net_liquidation)s)
 WHERE account = %(account)s
