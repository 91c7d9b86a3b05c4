-- What the agent has acknowledged for a bot's strategies, their symbols, and every one ('*').
SELECT strategy, symbol, desired, command
  FROM strategy_states
 WHERE strategy = '*' OR split_part(strategy, '/', 1) = :bot
 ORDER BY strategy, symbol
