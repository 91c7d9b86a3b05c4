"""Growing up: a database of this program copied to a server with TimescaleDB, restartable, and compared afterwards."""
