"""Activity Flex XML as the broker writes it, made from a life of a book: sections that agree with each other to the cent.

:class:`Draft` is one statement as plain rows of attributes, so that a test can change one field, leave out a field or a
section, and write several into one file. What its sums come from is computed here, on its own, lot by lot, never by the code
that is tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from data.book.sources import Change, Fill, Flow, Terms

ZERO, ONE = Decimal(0), Decimal(1)
NEW_YORK = ZoneInfo("America/New_York")
NOTES = {"assignment": "A", "exercise": "Ex", "expiry": "Ep"}
EVENTS = {"assignment": "Assignment", "exercise": "Exercise", "expiry": "Expiration"}
FLOWS = {
    "deposit": "Deposits & Withdrawals", "withdrawal": "Deposits & Withdrawals", "dividend": "Dividends", "interest": "Broker Interest Received",
    "fee": "Other Fees", "tax": "Withholding Tax", "other": "871(m) Withholding",
}  # fmt: skip
PARTS = {
    "deposit": "deposits", "withdrawal": "withdrawals", "dividend": "dividends", "interest": "brokerInterest",
    "fee": "otherFees", "tax": "withholdingTax", "other": "other",
}  # fmt: skip
CHANGES = {
    "deposit": "depositsWithdrawals", "withdrawal": "depositsWithdrawals", "dividend": "dividends", "interest": "interest",
    "fee": "otherFees", "tax": "withholdingTax", "other": "other",
}  # fmt: skip
SECTIONS = {
    "AccountInformation": "AccountInformation", "ChangeInNAV": "ChangeInNAV", "CashReport": "CashReportCurrency",
    "EquitySummaryInBase": "EquitySummaryByReportDateInBase", "OpenPositions": "OpenPosition", "Trades": "Trade",
    "OptionEAE": "OptionEAE", "CorporateActions": "CorporateAction", "CashTransactions": "CashTransaction",
    "OpenDividendAccruals": "OpenDividendAccrual", "SecuritiesInfo": "SecurityInfo", "ConversionRates": "ConversionRate",
}  # fmt: skip
SINGLE = frozenset({"AccountInformation", "ChangeInNAV"})

Row = dict[str, str]
Method = Literal["FIFO", "LIFO"]
Marks = Callable[[int, date], Decimal]


@dataclass(frozen=True, slots=True)
class Owed:
    """A dividend that is owed at the end."""

    terms: Terms
    ex_date: date
    pay_date: date
    quantity: Decimal
    gross: Decimal
    tax: Decimal


@dataclass
class Draft:
    """One statement: rows by section, in the order of the file. A row's element is in `_tag` where it isn't the usual one."""

    account: str
    first_day: date
    last_day: date
    generated: datetime
    sections: dict[str, list[Row]] = field(default_factory=dict)

    def change(self, section: str, index: int, name: str, value: str) -> Draft:
        self.sections[section][index][name] = value
        return self

    def without(self, section: str, *names: str) -> Draft:
        """Leave out fields of a section, or all of it."""
        if not names:
            del self.sections[section]
        for row in self.sections.get(section, []):
            for name in names:
                row.pop(name, None)
        return self

    def element(self) -> str:
        head = {
            "accountId": self.account, "fromDate": f"{self.first_day}", "toDate": f"{self.last_day}", "period": "",
            "whenGenerated": _time(self.generated),
        }  # fmt: skip
        lines = [f"<FlexStatement {_attributes(head)}>"]
        for section, rows in self.sections.items():
            tag = SECTIONS.get(section, section)
            made = [f"<{row.get('_tag', tag)} {_attributes(row)} />" for row in rows]
            lines += made if section in SINGLE else [f"<{section}>", *made, f"</{section}>"]
        return "\n".join([*lines, "</FlexStatement>"])


def document(*drafts: Draft, query: str = "all of it") -> str:
    """A file of one or more statements."""
    inside = "\n".join(draft.element() for draft in drafts)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<FlexQueryResponse queryName={quoteattr(query)} type="AF">\n'
        f'<FlexStatements count="{len(drafts)}">\n{inside}\n</FlexStatements>\n</FlexQueryResponse>\n'
    )


def write(path: Path, *drafts: Draft) -> Path:
    path.write_text(document(*drafts), encoding="utf-8")
    return path


@dataclass
class _Lot:
    opened: datetime
    quantity: Decimal
    cost: Decimal  # positive: paid; negative: received


@dataclass
class _State:
    """What an account is worth and made of, as its life goes on."""

    cash: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    lots: dict[int, list[_Lot]] = field(default_factory=lambda: defaultdict(list))
    terms: dict[int, Terms] = field(default_factory=dict)
    premium: dict[tuple[str, date, Decimal, bool], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def held(self, con_id: int) -> Decimal:
        return sum((lot.quantity for lot in self.lots[con_id]), ZERO)


class Writer:
    """The statements of one account whose life is `fills`, `changes` and `flows`, with cash at the start.

    `rates`: what a unit of another currency is in `base`, always. `marks` by contract and day. `method`: how the broker matches
    lots. Execution ids are the fills' keys with `.01` behind, as the API's; bookings have none. Raises ValueError for what a
    statement can't say (a fill's currency without a rate, a multiplier that changes in place).
    """

    def __init__(
        self,
        account: str,
        fills: Iterable[Fill],
        changes: Iterable[Change] = (),
        flows: Iterable[Flow] = (),
        *,
        base: str = "USD",
        cash: Mapping[str, Decimal] | None = None,
        rates: Mapping[str, Decimal] | None = None,
        marks: Marks | Mapping[int, Decimal] | None = None,
        method: Method = "FIFO",
        owed: Iterable[Owed] = (),
    ) -> None:
        self.account, self.base, self._method = account, base, method
        fills, flows = list(fills), list(flows)
        self._numbers = {fill.key: 100_000 + n for n, fill in enumerate(fills)}
        self._flow_numbers = {flow.key: 900_000 + n for n, flow in enumerate(flows)}
        events: list[Fill | Change | Flow] = [
            *(fill for fill in fills if fill.kind != "combo" and fill.quantity), *changes, *flows,
        ]  # fmt: skip
        self._events = sorted(events, key=lambda event: (event.ts, event.key))
        self._start = {base: Decimal(1_000_000), **(cash or {})}
        self._rates = {base: ONE, **(rates or {"EUR": Decimal("1.1")})}
        self._marks: Marks = marks if callable(marks) else lambda con_id, _: (marks or {}).get(con_id, Decimal(10))
        self._owed = list(owed)

    def statement(self, first_day: date, last_day: date, generated: datetime | None = None) -> Draft:
        """The statement of a span; what was before it is where it starts from."""
        when = generated or datetime.combine(last_day + timedelta(days=1), datetime.min.time(), UTC) + timedelta(
            hours=9
        )
        return _Span(self, first_day, last_day).draft(when)

    # -- what a span needs of it

    def events(self) -> list[Fill | Change | Flow]:
        return self._events

    def rate(self, currency: str) -> Decimal:
        if currency not in self._rates:
            raise ValueError(f"no rate of {currency}")
        return self._rates[currency]

    def currencies(self) -> list[str]:
        used = {self.base} | {e.currency for e in self._events if isinstance(e, Flow)}
        fills = [e for e in self._events if isinstance(e, Fill)]
        return sorted(used | {f.terms.currency for f in fills} | {f.fee_currency for f in fills if f.fee_currency})

    def start(self) -> dict[str, Decimal]:
        return self._start

    def mark(self, con_id: int, day: date) -> Decimal:
        return self._marks(con_id, day)

    def number(self, event: Fill | Flow) -> int:
        return self._numbers[event.key] if isinstance(event, Fill) else self._flow_numbers[event.key]

    @property
    def is_lifo(self) -> bool:
        return self._method == "LIFO"

    def owed(self, last_day: date) -> list[Owed]:
        return [one for one in self._owed if one.ex_date <= last_day < one.pay_date]


class _Span:
    """One statement in the making."""

    def __init__(self, writer: Writer, first_day: date, last_day: date) -> None:
        self._writer, self._first, self._last = writer, first_day, last_day
        self._state = _State()
        self._state.cash.update(writer.start())
        self._rows: dict[str, list[Row]] = {name: [] for name in SECTIONS}
        self._parts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))  # by currency
        self._change: dict[str, Decimal] = defaultdict(Decimal)
        self._flows: dict[date, Decimal] = defaultdict(Decimal)  # transfers by day, in base
        self._nav: list[tuple[date, Decimal]] = []
        self._seen: dict[int, Terms] = {}

    def draft(self, generated: datetime) -> Draft:
        events = self._writer.events()
        at = self._live(events, 0, self._first - timedelta(days=1), quiet=True)
        starting = dict(self._state.cash)
        before = self._worth(self._first - timedelta(days=1))
        self._nav_row(self._first - timedelta(days=1))
        for n in range((self._last - self._first).days + 1):
            day = self._first + timedelta(days=n)
            at = self._live(events, at, day, quiet=False)
            if day.weekday() < 5 or day == self._last:
                self._nav_row(day)
        self._positions()
        self._accruals()
        self._cash(starting)
        self._change_in_nav(before)
        self._about()
        return Draft(self._writer.account, self._first, self._last, generated, self._rows)

    def _live(self, events: list[Fill | Change | Flow], at: int, day: date, *, quiet: bool) -> int:
        """Go on to the end of a day; the place of the first event after it."""
        while at < len(events) and _day(events[at].ts) <= day:
            event = events[at]
            if isinstance(event, Flow):
                self._flow(event, quiet)
            elif isinstance(event, Change):
                self._split(event, quiet)
            else:
                self._fill(event, quiet)
            at += 1
        return at

    # -- what happens

    def _fill(self, fill: Fill, quiet: bool) -> None:
        state, terms = self._state, fill.terms
        state.terms[terms.con_id] = self._seen[terms.con_id] = terms
        own_fee = (fill.fee or ZERO) if fill.fee_currency in (None, terms.currency) else ZERO
        if fill.kind == "opening":  # it came in kind before anything is known
            state.lots[terms.con_id].append(_Lot(fill.ts, fill.quantity, -fill.money))
            return
        proceeds = fill.money
        net = proceeds - own_fee
        held = state.held(terms.con_id)
        is_delivery = fill.kind in ("assignment", "exercise")
        closing = min(abs(fill.quantity), abs(held)) if held * fill.quantity < 0 else ZERO
        share = closing / abs(fill.quantity)
        closed = self._close(terms.con_id, closing)
        cost = sum((lot.cost for lot in closed), ZERO)
        carried = self._carry(fill, cost, net, is_delivery)
        came = (net * share).quantize(Decimal("1E-8")) if share != 1 else net
        if closing and not terms.is_option:
            closed[
                -1
            ].cost -= carried  # as the broker books it: what was sold for the call is part of what the shares bring
            cost -= carried
        realized = came - cost if closing else ZERO
        opened_cost = -(net - came) - (carried if not closing and not terms.is_option else ZERO)
        if is_delivery and terms.is_option:
            realized, cost = ZERO, net
        if closing < abs(fill.quantity):
            rest = abs(fill.quantity) - closing
            state.lots[terms.con_id].append(_Lot(fill.ts, rest if fill.quantity > 0 else -rest, opened_cost))
        state.cash[terms.currency] += net
        if fill.fee and not own_fee:
            state.cash[fill.fee_currency or ""] -= fill.fee
        if not quiet:
            self._trade_rows(fill, own_fee, closed, closing, realized)

    def _carry(self, fill: Fill, cost: Decimal, net: Decimal, is_delivery: bool) -> Decimal:
        """An option's premium goes to the shares that it delivers: kept until they come, in the same second."""
        terms = fill.terms
        if not is_delivery:
            return ZERO
        if terms.is_option:
            assert terms.strike is not None
            bought = (terms.right == "P") == (fill.quantity > 0)
            self._state.premium[terms.symbol, _day(fill.ts), terms.strike, bought] += net - cost
            return ZERO
        return self._state.premium.pop((terms.symbol, _day(fill.ts), fill.price or ZERO, fill.quantity > 0), ZERO)

    def _close(self, con_id: int, quantity: Decimal) -> list[_Lot]:
        lots, found = self._state.lots[con_id], []
        while quantity:
            at = -1 if self._writer.is_lifo else 0
            lot = lots[at]
            taken = min(quantity, abs(lot.quantity))
            if taken == abs(lot.quantity):
                found.append(lots.pop(at))
            else:
                part = (lot.cost * taken / abs(lot.quantity)).quantize(Decimal("1E-8"))
                signed = taken if lot.quantity > 0 else -taken
                found.append(_Lot(lot.opened, signed, part))
                lots[at] = _Lot(lot.opened, lot.quantity - signed, lot.cost - part)
            quantity -= taken
        return found

    def _split(self, change: Change, quiet: bool) -> None:
        state = self._state
        terms = state.terms.get(change.con_id)
        before = state.held(change.con_id)
        if terms is not None and change.into.multiplier != terms.multiplier and change.into.con_id == change.con_id:
            raise ValueError("a multiplier that changes in place")
        lots = state.lots.pop(change.con_id, [])
        told = placed = ZERO
        for lot in lots:
            told += lot.quantity
            exact = _times(told, change.ratio)
            lot.quantity, placed = exact - placed, exact
        state.lots[change.into.con_id] += lots
        state.terms[change.into.con_id] = change.into
        if quiet or not before:
            return
        words = f"{change.into.symbol}(US0000000000) SPLIT {change.ratio.numerator} FOR {change.ratio.denominator}"
        common = {"dateTime": _time(change.ts), "reportDate": f"{_day(change.ts)}", "actionDescription": words, "actionID": change.key,
                  "proceeds": "0", "value": "0", "levelOfDetail": "DETAIL"}  # fmt: skip
        kind = "FS" if change.ratio > 1 else "RS"
        moves = [(change.into, placed - before)] if change.into.con_id == change.con_id else [
            (terms or change.into, -before), (change.into, placed)]  # fmt: skip
        for n, (its, quantity) in enumerate(moves):
            self._seen[its.con_id] = its
            row = {**_contract(its), **common, "type": kind if len(moves) == 1 else "IC", "quantity": f"{quantity}",
                   "transactionID": f"8{change.key}{n}", "fxRateToBase": f"{self._writer.rate(its.currency)}"}  # fmt: skip
            self._rows["CorporateActions"].append(row)

    def _flow(self, flow: Flow, quiet: bool) -> None:
        self._state.cash[flow.currency] += flow.amount
        if quiet:
            return
        rate, day = self._writer.rate(flow.currency), _day(flow.ts)
        self._parts[flow.currency][PARTS[flow.kind]] += flow.amount
        self._change[CHANGES[flow.kind]] += flow.amount * rate
        if flow.kind in ("deposit", "withdrawal"):
            self._flows[day] += flow.amount * rate
        words = f"{flow.symbol}(US0000000000) CASH DIVIDEND" if flow.symbol else flow.kind
        self._rows["CashTransactions"].append({
            "accountId": self._writer.account, "currency": flow.currency, "fxRateToBase": f"{rate}", "dateTime": _time(flow.ts),
            "reportDate": f"{day}", "amount": f"{flow.amount}", "type": FLOWS[flow.kind], "description": words,
            "transactionID": f"{self._writer.number(flow)}", "levelOfDetail": "DETAIL",
            **({"symbol": flow.symbol} if flow.symbol else {}),
        })  # fmt: skip

    # -- rows

    def _trade_rows(self, fill: Fill, fee: Decimal, closed: list[_Lot], closing: Decimal, realized: Decimal) -> None:
        terms, writer = fill.terms, self._writer
        rate = writer.rate(terms.currency)
        proceeds = fill.money
        foreign = fill.fee_currency not in (None, terms.currency)
        parts = self._parts[terms.currency]
        parts["netTradesPurchases" if fill.quantity > 0 else "netTradesSales"] += proceeds
        if fill.fee:
            paid_in = fill.fee_currency or terms.currency
            self._parts[paid_in]["commissions"] -= fill.fee
            self._change["commissions"] -= fill.fee * writer.rate(paid_in)
        self._change["mtm"] += proceeds * rate
        booked = fill.kind in NOTES
        ends = ("C;O" if closing < abs(fill.quantity) else "C") if closing else "O"
        common = {**_contract(terms), "accountId": writer.account, "fxRateToBase": f"{rate}", "dateTime": _time(fill.ts),
                  "tradeDate": f"{_day(fill.ts)}", "reportDate": f"{_day(fill.ts)}"}  # fmt: skip
        self._rows["Trades"].append({
            **common, "tradeID": f"{writer.number(fill)}", "transactionID": f"7{writer.number(fill)}",
            "transactionType": "BookTrade" if booked else "ExchTrade", "buySell": "BUY" if fill.quantity > 0 else "SELL",
            "openCloseIndicator": ends, "quantity": f"{fill.quantity}", "tradePrice": f"{fill.price}", "proceeds": f"{proceeds}",
            "ibCommission": f"{-(fill.fee or ZERO)}", "ibCommissionCurrency": (fill.fee_currency or terms.currency) if foreign else terms.currency,
            "taxes": "0", "netCash": f"{proceeds - fee}", "cost": f"{realized - (proceeds - fee)}", "fifoPnlRealized": f"{realized}",
            "notes": ";".join(filter(None, [NOTES.get(fill.kind, ""), *ends.split(";")])), "exchange": "--" if booked else "CBOE",
            "ibOrderID": "" if booked or fill.order is None else fill.order.lstrip("o"), "orderReference": "",
            "ibExecID": "" if booked else f"{fill.key}.01", "levelOfDetail": "EXECUTION",
        })  # fmt: skip
        is_moved = fill.kind in ("assignment", "exercise")
        left, share = realized, len(closed)
        for n, lot in enumerate(closed if not (is_moved and terms.is_option) else ()):
            part = left if n == share - 1 else (realized * abs(lot.quantity) / closing).quantize(Decimal("1E-8"))
            left -= part
            self._rows["Trades"].append({
                "_tag": "Lot", **common, "quantity": f"{abs(lot.quantity)}", "cost": f"{lot.cost}", "fifoPnlRealized": f"{part}",
                "openDateTime": _time(lot.opened), "notes": "", "levelOfDetail": "CLOSED_LOT",
            })  # fmt: skip
        if booked and terms.is_option:
            self._rows["OptionEAE"].append({
                **_contract(terms), "accountId": writer.account, "date": f"{_day(fill.ts)}", "transactionType": EVENTS[fill.kind],
                "quantity": f"{fill.quantity}", "tradePrice": f"{fill.price}", "proceeds": f"{proceeds}", "realizedPnl": f"{realized}",
                "tradeID": f"{writer.number(fill)}",
            })  # fmt: skip

    def _values(self, day: date) -> dict[str, Decimal]:
        """In base: stock, options, dividends owed, cash."""
        writer, found = self._writer, defaultdict(Decimal)
        for con_id, lots in self._state.lots.items():
            quantity = sum((lot.quantity for lot in lots), ZERO)
            if quantity:
                terms = self._state.terms[con_id]
                value = quantity * writer.mark(con_id, day) * terms.multiplier * writer.rate(terms.currency)
                found["options" if terms.is_option else "stock"] += value
        found["cash"] = sum((amount * writer.rate(c) for c, amount in self._state.cash.items()), ZERO)
        found["dividendAccruals"] = sum(
            ((one.gross - one.tax) * writer.rate(one.terms.currency) for one in writer.owed(day)), ZERO
        )
        return found

    def _worth(self, day: date) -> Decimal:
        return sum(self._values(day).values(), ZERO)

    def _nav_row(self, day: date) -> None:
        values = self._values(day)
        total = sum(values.values(), ZERO)
        self._nav.append((day, total))
        self._rows["EquitySummaryInBase"].append({
            "accountId": self._writer.account, "currency": self._writer.base, "reportDate": f"{day}", "total": f"{total}",
            **{name: f"{values[name]}" for name in ("cash", "stock", "options", "dividendAccruals")}, "interestAccruals": "0",
        })  # fmt: skip

    def _positions(self) -> None:
        writer = self._writer
        for con_id, lots in sorted(self._state.lots.items()):
            quantity = sum((lot.quantity for lot in lots), ZERO)
            if not quantity:
                continue
            terms = self._state.terms[con_id]
            self._seen[con_id] = terms
            mark, cost = writer.mark(con_id, self._last), sum((lot.cost for lot in lots), ZERO)
            value = quantity * mark * terms.multiplier
            common = {**_contract(terms), "accountId": writer.account, "reportDate": f"{self._last}", "markPrice": f"{mark}",
                      "fxRateToBase": f"{writer.rate(terms.currency)}", "side": "Long" if quantity > 0 else "Short"}  # fmt: skip
            self._rows["OpenPositions"].append({
                **common, "position": f"{quantity}", "positionValue": f"{value}", "costBasisMoney": f"{cost}",
                "fifoPnlUnrealized": f"{value - cost}", "levelOfDetail": "SUMMARY",
            })  # fmt: skip
            self._rows["OpenPositions"] += [
                {**common, "position": f"{lot.quantity}", "costBasisMoney": f"{lot.cost}", "openDateTime": _time(lot.opened),
                 "levelOfDetail": "LOT"}
                for lot in lots
            ]  # fmt: skip

    def _accruals(self) -> None:
        for one in self._writer.owed(self._last):
            self._seen[one.terms.con_id] = one.terms
            self._rows["OpenDividendAccruals"].append({
                **_contract(one.terms), "accountId": self._writer.account, "exDate": f"{one.ex_date}", "payDate": f"{one.pay_date}",
                "quantity": f"{one.quantity}", "grossAmount": f"{one.gross}", "tax": f"{one.tax}", "netAmount": f"{one.gross - one.tax}",
                "fxRateToBase": f"{self._writer.rate(one.terms.currency)}",
            })  # fmt: skip

    def _cash(self, starting: Mapping[str, Decimal]) -> None:
        writer = self._writer
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for currency in writer.currencies():
            parts = self._parts[currency]
            begin, end = starting.get(currency, ZERO), self._state.cash[currency]
            self._rows["CashReport"].append(self._cash_row(currency, "Currency", begin, end, parts))
            for name, amount in {"startingCash": begin, "endingCash": end, **parts}.items():
                sums[name] += amount * writer.rate(currency)
        begin, end = sums.pop("startingCash"), sums.pop("endingCash")
        self._rows["CashReport"].insert(0, self._cash_row("BASE_SUMMARY", "BaseCurrency", begin, end, sums))
        for currency in writer.currencies():
            if currency == writer.base:
                continue
            for n in range((self._last - self._first).days + 1):
                self._rows["ConversionRates"].append({
                    "reportDate": f"{self._first + timedelta(days=n)}", "fromCurrency": currency, "toCurrency": writer.base,
                    "rate": f"{writer.rate(currency)}",
                })  # fmt: skip

    def _cash_row(self, currency: str, level: str, begin: Decimal, end: Decimal, parts: Mapping[str, Decimal]) -> Row:
        return {
            "accountId": self._writer.account, "currency": currency, "levelOfDetail": level, "startingCash": f"{begin}",
            "endingCash": f"{end}", "endingSettledCash": f"{end}", **{name: f"{amount}" for name, amount in parts.items()},
        }  # fmt: skip

    def _change_in_nav(self, before: Decimal) -> None:
        end = self._nav[-1][1]
        change = self._change
        change["mtm"] = end - before - sum((amount for name, amount in change.items() if name != "mtm"), ZERO)
        growth, value, pending = ONE, before, sorted(self._flows.items())
        for day, total in self._nav[1:]:
            due = [amount for when, amount in pending if when <= day]
            pending = [(when, amount) for when, amount in pending if when > day]
            came, went = sum((a for a in due if a > 0), ZERO), -sum((a for a in due if a < 0), ZERO)
            growth = growth * (total + went) / (value + came) if value + came else growth
            value = total
        self._rows["ChangeInNAV"].append({
            "accountId": self._writer.account, "fromDate": f"{self._first}", "toDate": f"{self._last}", "startingValue": f"{before}",
            "endingValue": f"{end}", **{name: f"{amount}" for name, amount in change.items()}, "twr": f"{100 * (growth - 1):.9f}",
        })  # fmt: skip

    def _about(self) -> None:
        writer = self._writer
        self._rows["AccountInformation"].append({
            "accountId": writer.account, "currency": writer.base, "name": "Somebody", "accountType": "Individual",
        })  # fmt: skip
        self._rows["SecuritiesInfo"] = [_contract(terms) for _, terms in sorted(self._seen.items())]


def _contract(terms: Terms) -> Row:
    row = {
        "assetCategory": terms.sec_type, "symbol": terms.local_symbol, "conid": f"{terms.con_id}", "currency": terms.currency,
        "multiplier": f"{terms.multiplier:f}", "underlyingSymbol": terms.symbol, "description": terms.local_symbol,
    }  # fmt: skip
    if terms.is_option:
        row |= {"strike": f"{terms.strike}", "expiry": f"{terms.expiry}", "putCall": terms.right or ""}
    return row


def _times(quantity: Decimal, ratio: Fraction) -> Decimal:
    """To the broker's fraction of a share."""
    exact = quantity * ratio.numerator / ratio.denominator
    rounded = exact.quantize(Decimal("0.0001"))
    return exact if rounded == 0 else rounded


def _day(ts: datetime) -> date:
    return ts.astimezone(NEW_YORK).date()


def _time(ts: datetime) -> str:
    return f"{ts.astimezone(NEW_YORK):%Y-%m-%d;%H:%M:%S}"


def _attributes(row: Row) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in row.items() if name != "_tag")
