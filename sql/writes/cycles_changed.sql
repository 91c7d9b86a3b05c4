SELECT cycles_changed(%(account)s)
