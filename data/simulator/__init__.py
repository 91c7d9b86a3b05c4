"""A simulated IB Gateway: a small market, accounts that book to the cent, and the TWS API over TCP.

It shares no code with ``data.ibkr``: the two meet on a socket only, so that a bug in one cannot hide a bug in the other.
"""
