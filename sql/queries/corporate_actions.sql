-- The corporate actions that statements tell of, in order.
SELECT action, action_id, con_id, ts, type, description, quantity, proceeds
  FROM corporate_actions WHERE account = %(account)s ORDER BY ts, action
