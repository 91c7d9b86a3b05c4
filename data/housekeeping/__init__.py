"""Keeping house in the database: roll-ups, compression, retention. The owner's work (role `mtz_owner`), a process of its own."""
