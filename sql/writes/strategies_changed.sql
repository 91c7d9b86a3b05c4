SELECT strategies_changed()
