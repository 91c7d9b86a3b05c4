-- What each strategy of an account earned and risks, as computed last; strategy '' is what belongs to none.
SELECT f.* FROM strategy_latest f WHERE f.account = :account ORDER BY f.strategy
