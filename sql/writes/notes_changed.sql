SELECT notes_changed(%(account)s)
