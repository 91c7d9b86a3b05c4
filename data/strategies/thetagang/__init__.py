"""ThetaGang 1.16, its fork MoneyTrailz, and ThetaGang 2: what their files, records and orders mean. Nothing of theirs is imported."""
