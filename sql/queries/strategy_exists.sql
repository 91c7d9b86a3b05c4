SELECT s.name, s.can_pause_opening, s.is_listed, s.symbols FROM strategies s WHERE s.name = :name OR :name = '*'
