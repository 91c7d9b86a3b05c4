SELECT s.name, s.can_pause_opening, s.symbols FROM strategies s WHERE s.name = :name OR :name = '*'
