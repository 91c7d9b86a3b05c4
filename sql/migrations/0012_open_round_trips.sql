-- Whose a held contract is, is asked at every tick: of its open round trip, among all that ever were.
CREATE INDEX round_trips_open ON round_trips (account, con_id, opened DESC, id DESC) WHERE closed IS NULL;
