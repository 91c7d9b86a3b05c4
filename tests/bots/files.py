"""Configurations of the bots as short as they may be, written for these tests."""

from __future__ import annotations

SECOND = """\
# what I trade
[meta]
schema_version = 2

[run]
strategies = ["wheel", "tail_hedge", "cash_management"]  # in this order

[runtime.account]
number = "DU9000001"
margin_usage = 0.5

[runtime.option_chains]
expirations = 1
strikes = 8

[runtime.exchange_hours]
action_when_closed = "continue"

[runtime.orders]
price_update_delay = [0, 1]

[runtime.ib_async]
logfile = "@log@"
api_response_wait_time = 3

[runtime.ibc]
password = "hunter2hunter2"
userid = "charlie77"

[runtime.watchdog]
port = @port@
clientId = @client_id@
probeTimeout = 20

[portfolio.symbols.F]
weight = 0.4

[portfolio.symbols.SOFI]
weight = 0.4

[portfolio.symbols.KO]
weight = 0.2
no_trading = true

[strategies.wheel.defaults.target]
dte = 20
minimum_open_interest = 0
maximum_new_contracts_percent = 0.02

[strategies.wheel.defaults.roll_when]
dte = 1
pnl = @roll@
close_at_pnl = @close@

[strategies.wheel.defaults.write_when.puts]
green = true
red = true

[strategies.tail_hedge]
enabled = true
annual_budget = 0.00001  # so little that it never buys

[[strategies.tail_hedge.targets]]
symbol = "KO"
budget_weight = 1.0
entry_gate = "none"

[strategies.cash_management]
enabled = true
cash_fund = "SGOV"
buy_threshold = 1000
"""

FIRST = """\
# what I trade
[account]
number = "DU9000001"
margin_usage = 0.5

[option_chains]
expirations = 1
strikes = 8

[exchange_hours]
action_when_closed = "continue"

[orders]
price_update_delay = [0, 1]

[ib_async]
logfile = "@log@"
api_response_wait_time = 3

[ibc]
password = "hunter2hunter2"
userid = "charlie77"

[watchdog]
port = @port@
clientId = @client_id@
probeTimeout = 20

[target]
dte = 20
minimum_open_interest = 0
maximum_new_contracts_percent = 0.02

[write_when.puts]
green = true
red = true

[roll_when]
dte = 1
pnl = @roll@
close_at_pnl = @close@
min_pnl = 0.0

[symbols.F]
weight = 0.5

[symbols.SOFI]
weight = 0.5

[cash_management]
enabled = true
cash_fund = "SGOV"
buy_threshold = 1000
"""
