"""The core scenario for IBKR's own client; prints one JSON line per phase, in the shape that high_level.py prints.

Usage: official.py PORT CLIENT_ID. A line on standard input starts the second phase.
"""

# The callbacks and their arguments are named by the library.
# ruff: noqa: N802, N803

import json
import sys
import threading
from collections import defaultdict
from decimal import Decimal

from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

ACCOUNT_TAGS = "NetLiquidation,TotalCashValue"


class Recorder(EWrapper, EClient):
    """Keeps what comes in, and lets the main thread wait for it."""

    def __init__(self):
        EWrapper.__init__(self)
        EClient.__init__(self, self)
        self.changed = threading.Condition()
        self.ends = set()
        self.values, self.summary, self.holdings, self.books = {}, {}, {}, {}
        self.contracts, self.chains, self.greeks, self.strings = defaultdict(list), [], {}, {}
        self.days, self.codes, self.daily = defaultdict(list), [], []
        self.accounts, self.next_id = [], None
        self.fills, self.fees, self.states, self.opened, self.done = {}, {}, defaultdict(list), {}, []
        self.completed, self.margins = [], {}

    def note(self, end=None):
        with self.changed:
            if end is not None:
                self.ends.add(end)
            self.changed.notify_all()

    def until(self, condition, what):
        with self.changed:
            if not self.changed.wait_for(condition, 20):
                raise TimeoutError(what)

    def until_end(self, end):
        self.until(lambda: end in self.ends, str(end))

    def managedAccounts(self, accountsList):
        self.accounts = [a for a in accountsList.split(",") if a]
        self.note()

    def nextValidId(self, orderId):
        self.next_id = orderId
        self.note()

    def error(self, reqId, errorTime, errorCode, errorString, advancedOrderRejectJson=""):
        if not 2100 <= errorCode < 2200:
            self.codes.append(errorCode)
        self.note()

    def updateAccountValue(self, key, val, currency, accountName):
        self.values[key, currency] = val

    def updatePortfolio(
        self, contract, position, marketPrice, marketValue, averageCost, unrealizedPNL, realizedPNL, name
    ):
        self.books[contract.conId] = [float(position), marketValue, unrealizedPNL]

    def accountDownloadEnd(self, accountName):
        self.note("account")

    def position(self, account, contract, position, avgCost):
        if position:
            self.holdings[contract.conId] = [float(position), avgCost]
        else:
            self.holdings.pop(contract.conId, None)
        self.note()

    def positionEnd(self):
        self.note("positions")

    def accountSummary(self, reqId, account, tag, value, currency):
        self.summary[tag, currency] = value

    def accountSummaryEnd(self, reqId):
        self.note(("summary", reqId))

    def contractDetails(self, reqId, contractDetails):
        self.contracts[reqId].append(contractDetails)

    def contractDetailsEnd(self, reqId):
        self.note(("details", reqId))

    def securityDefinitionOptionParameter(
        self, reqId, exchange, underlyingConId, tradingClass, multiplier, exp, strikes
    ):
        self.chains.append((exchange, sorted(exp), sorted(strikes)))

    def securityDefinitionOptionParameterEnd(self, reqId):
        self.note(("chain", reqId))

    def tickOptionComputation(self, reqId, tickType, tickAttrib, iv, delta, price, pv, gamma, vega, theta, und):
        self.greeks[reqId, tickType] = delta
        self.note()

    def tickString(self, reqId, tickType, value):
        self.strings[reqId, tickType] = value
        self.note()

    def pnl(self, reqId, dailyPnL, unrealizedPnL, realizedPnL):
        self.daily.append(dailyPnL)
        self.note()

    def historicalData(self, reqId, bar):
        self.days[reqId].append(bar.close)

    def historicalDataEnd(self, reqId, start, end):
        self.note(("bars", reqId))

    def openOrder(self, orderId, contract, order, orderState):
        if order.whatIf:
            self.margins[orderId] = float(orderState.initMarginChange)
        else:
            self.opened[orderId] = order.permId
        self.note()

    def openOrderEnd(self):
        self.note("open")

    def orderStatus(self, orderId, status, filled, remaining, avg, permId, parentId, last, clientId, whyHeld, cap):
        self.states[orderId].append(status)
        self.note()

    def completedOrder(self, contract, order, orderState):
        self.completed.append(order.permId)

    def completedOrdersEnd(self):
        self.note("completed")

    def execDetails(self, reqId, contract, execution):
        self.fills[execution.execId] = (execution, contract)
        self.note()

    def execDetailsEnd(self, reqId):
        self.note(("executions", reqId))

    def commissionAndFeesReport(self, report):
        self.fees[report.execId] = report.commissionAndFees
        self.note()


def contract_of(symbol, kind="STK", **terms):
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, kind, "SMART", "USD"
    for name, value in terms.items():
        setattr(contract, name, value)
    return contract


def limit_order(action, quantity, price, **terms):
    order = Order()
    order.action, order.totalQuantity, order.orderType, order.lmtPrice = action, Decimal(quantity), "LMT", price
    for name, value in terms.items():
        setattr(order, name, value)
    return order


def details(app, req_id, contract):
    app.reqContractDetails(req_id, contract)
    app.until_end(("details", req_id))
    return app.contracts[req_id][0]


def option_of(app, req_id, place):
    _, expirations, strikes = next(chain for chain in app.chains if chain[0] == "SMART")
    strike = min(strikes, key=lambda k: abs(k - 105.0))
    terms = {"lastTradeDateOrContractMonth": expirations[place], "strike": strike, "right": "P"}
    return details(app, req_id, contract_of("DIS", "OPT", **terms)).contract


def read_phase(app):
    app.until(lambda: app.accounts and app.next_id, "the start")
    app.reqPositions()
    app.reqAccountUpdates(True, app.accounts[0])
    app.reqAccountSummary(1, "All", ACCOUNT_TAGS)
    app.reqExecutions(2, ExecutionFilter())
    for end in ("positions", "account", ("summary", 1), ("executions", 2)):
        app.until_end(end)
    executions = {x: [fill.price, app.fees[x]] for x, (fill, _) in app.fills.items()}
    stock = details(app, 3, contract_of("DIS"))
    app.reqSecDefOptParams(4, "DIS", "", "STK", stock.contract.conId)
    app.until_end(("chain", 4))
    option = option_of(app, 5, 4)
    app.reqMarketDataType(1)
    app.reqMktData(6, option, "101", False, False, [])
    app.reqMktData(7, stock.contract, "456", False, False, [])
    app.until(lambda: (6, 13) in app.greeks and (7, 59) in app.strings, "ticks")
    app.reqPnL(8, app.accounts[0], "")
    app.until(lambda: app.daily, "the first P&L")
    app.reqHistoricalData(9, stock.contract, "", "10 D", "1 day", "TRADES", 1, 1, False, [])
    app.until_end(("bars", 9))
    before = len(app.codes)
    app.reqContractDetails(10, contract_of("NOSUCH"))
    app.until(lambda: len(app.codes) > before, "error 200")
    chain = next(chain for chain in app.chains if chain[0] == "SMART")
    return {
        "version": app.serverVersion(),
        "accounts": app.accounts,
        "positions": app.holdings,
        "portfolio": app.books,
        "net_liquidation": app.values["NetLiquidation", "USD"],
        "summary_net_liquidation": app.summary["NetLiquidation", "USD"],
        "executions": executions,
        "long_name": stock.longName,
        "expirations": len(chain[1]),
        "strikes": len(chain[2]),
        "option": option.conId,
        "delta": app.greeks[6, 13],
        "dividend": float(app.strings[7, 59].split(",")[3]),
        "bars": len(app.days[9]),
        "errors": app.codes[before:],
        "first_pnl": app.daily[0],
        "chain": chain[1][:8],
    }


def place(app, contract, order):
    order_id = app.next_id
    app.next_id += 1
    app.placeOrder(order_id, contract, order)
    return order_id


def filled(app, order_id, count):
    mine = [
        (x, fill) for x, (fill, _) in app.fills.items() if fill.orderId == order_id and fill.clientId == app.clientId
    ]
    return mine if len(mine) == count and app.states[order_id][-1:] == ["Filled"] else []


def trade_phase(app):
    near, far = option_of(app, 11, 4), option_of(app, 12, 6)
    sale = place(app, near, limit_order("SELL", 7, 0.05, orderRef="wheel:DIS"))
    app.until(lambda: filled(app, sale, 2) and all(x in app.fees for x, _ in filled(app, sale, 2)), "the sale")
    waiting = place(app, near, limit_order("SELL", 1, 90.0))
    app.until(lambda: "Submitted" in app.states[waiting], "Submitted")
    app.reqAllOpenOrders()
    app.until_end("open")
    app.cancelOrder(waiting, OrderCancel())
    app.until(lambda: "Cancelled" in app.states[waiting] and 202 in app.codes, "the cancellation")
    legs = []
    for con_id, action in ((near.conId, "BUY"), (far.conId, "SELL")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = con_id, 1, action, "SMART"
        legs.append(leg)
    roll = place(app, contract_of("DIS", "BAG", comboLegs=legs), limit_order("BUY", 1, 9.0))
    app.until(lambda: filled(app, roll, 3), "the roll")
    what_if = place(app, near, limit_order("SELL", 1, 1.0, whatIf=True))
    app.until(lambda: what_if in app.margins, "the what-if")
    app.reqCompletedOrders(False)
    app.until_end("completed")
    fills = filled(app, sale, 2) + filled(app, roll, 3)
    return {
        "statuses": list(dict.fromkeys(app.states[sale])),
        "fills": [[x, float(fill.shares), fill.price] for x, fill in fills],
        "commissions": [app.fees[x] for x, _ in filled(app, sale, 2)],
        "opened": [app.opened[waiting]],
        "cancelled": app.states[waiting][-1],
        "sale": app.opened[sale],
        "waiting": app.opened[waiting],
        "roll": app.opened[roll],
        "completed": app.completed,
        "what_if_margin": app.margins[what_if],
        "errors": app.codes,
        "positions": app.holdings,
    }


def main():
    app = Recorder()
    app.connect("127.0.0.1", int(sys.argv[1]), int(sys.argv[2]))
    reader = threading.Thread(target=app.run, daemon=True)
    reader.start()
    print(json.dumps(read_phase(app)), flush=True)
    sys.stdin.readline()
    print(json.dumps(trade_phase(app)), flush=True)
    app.disconnect()
    reader.join(5)


main()
