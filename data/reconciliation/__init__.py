"""Agreement with the broker: what a statement says against itself and against the database. Pure: no I/O, exact decimals."""
