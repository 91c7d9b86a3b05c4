"""The core scenario for ib_insync and ib_async, whose interfaces are the same; prints one JSON line per phase.

Usage: high_level.py LIBRARY PORT CLIENT_ID. A line on standard input starts the second phase.
"""

import asyncio
import importlib
import json
import math
import sys
import time

library_name, port, client_id = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
asyncio.set_event_loop(asyncio.new_event_loop())
lib = importlib.import_module(library_name)
ib = lib.IB()
errors = []
ib.errorEvent += lambda req_id, code, text, contract: errors.append(code)


def until(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        ib.waitOnUpdate(timeout=0.5)


def option_of(chain, place):
    strike = min(chain.strikes, key=lambda k: abs(k - 105.0))
    contract = lib.Option("DIS", sorted(chain.expirations)[place], strike, "P", "SMART")
    ib.qualifyContracts(contract)
    return contract


def read_phase():
    stock = lib.Stock("DIS", "SMART", "USD")
    (details,) = ib.reqContractDetails(stock)
    stock = details.contract
    chain = next(c for c in ib.reqSecDefOptParams("DIS", "", "STK", stock.conId) if c.exchange == "SMART")
    option = option_of(chain, 4)
    ib.reqMarketDataType(1)
    ticker = ib.reqMktData(option, "101")
    shares = ib.reqMktData(stock, "456")
    until(lambda: ticker.modelGreeks and shares.dividends and not math.isnan(ticker.bid), "ticks")
    pnl = ib.reqPnL(ib.managedAccounts()[0])
    until(lambda: abs(pnl.dailyPnL) > 0, "the first P&L")
    bars = ib.reqHistoricalData(stock, "", "10 D", "1 day", "TRADES", True)
    before = len(errors)
    assert not ib.reqContractDetails(lib.Stock("NOSUCH", "SMART", "USD"))
    values = {(v.tag, v.currency): v.value for v in ib.accountValues()}
    summary = {(v.tag, v.currency): v.value for v in ib.accountSummary()}
    return {
        "version": ib.client.serverVersion(),
        "accounts": ib.managedAccounts(),
        "positions": {p.contract.conId: [p.position, p.avgCost] for p in ib.positions()},
        "portfolio": {p.contract.conId: [p.position, p.marketValue, p.unrealizedPNL] for p in ib.portfolio()},
        "net_liquidation": values["NetLiquidation", "USD"],
        "summary_net_liquidation": summary["NetLiquidation", "USD"],
        "executions": {f.execution.execId: [f.execution.price, f.commissionReport.commission] for f in ib.fills()},
        "long_name": details.longName,
        "expirations": len(chain.expirations),
        "strikes": len(chain.strikes),
        "option": option.conId,
        "delta": ticker.modelGreeks.delta,
        "dividend": shares.dividends.nextAmount,
        "bars": len(bars),
        "errors": errors[before:],
        "first_pnl": pnl.dailyPnL,
        "chain": chain.expirations[:8],
    }, chain


def trade_phase(chain):
    near, far = option_of(chain, 4), option_of(chain, 6)
    sale = ib.placeOrder(near, lib.LimitOrder("SELL", 7, 0.05, orderRef="wheel:DIS"))
    until(lambda: sale.isDone() and all(f.commissionReport.commission for f in sale.fills), "the sale")
    waiting = ib.placeOrder(near, lib.LimitOrder("SELL", 1, 90.0))
    until(lambda: waiting.orderStatus.status == "Submitted", "Submitted")
    opened = [t.order.permId for t in ib.reqAllOpenOrders()]
    ib.cancelOrder(waiting.order)
    until(waiting.isDone, "the cancellation")
    legs = [lib.ComboLeg(near.conId, 1, "BUY", "SMART"), lib.ComboLeg(far.conId, 1, "SELL", "SMART")]
    bag = lib.Contract(secType="BAG", symbol="DIS", exchange="SMART", currency="USD", comboLegs=legs)
    roll = ib.placeOrder(bag, lib.LimitOrder("BUY", 1, 9.0))
    until(lambda: roll.isDone() and len(roll.fills) == 3, "the roll")
    what_if = ib.whatIfOrder(near, lib.LimitOrder("SELL", 1, 1.0))
    return {
        "statuses": list(dict.fromkeys(entry.status for entry in sale.log)),
        "fills": [[f.execution.execId, f.execution.shares, f.execution.price] for f in sale.fills + roll.fills],
        "commissions": [f.commissionReport.commission for f in sale.fills],
        "opened": opened,
        "cancelled": waiting.orderStatus.status,
        "sale": sale.order.permId,
        "waiting": waiting.order.permId,
        "roll": roll.order.permId,
        "completed": [t.order.permId for t in ib.reqCompletedOrders(False)],
        "what_if_margin": float(what_if.initMarginChange),
        "errors": errors,
        "positions": {p.contract.conId: [p.position, p.avgCost] for p in ib.positions()},
    }


ib.connect("127.0.0.1", port, clientId=client_id, timeout=15)
first, option_chain = read_phase()
print(json.dumps(first), flush=True)
sys.stdin.readline()
print(json.dumps(trade_phase(option_chain)), flush=True)
ib.disconnect()
