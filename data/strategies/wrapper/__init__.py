"""`mtz bot`: starts a bot in cron's place, with the states that control desires."""
