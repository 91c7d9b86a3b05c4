"""Contract details, option chains, symbol search and market rules."""

from __future__ import annotations

from dataclasses import dataclass

from data.simulator import chains, messages
from data.simulator.client import Client, Handler
from data.simulator.instruments import BY_SYMBOL, OPTION_EXCHANGES, UNDERLYINGS, Instrument, by_con_id, stock
from data.simulator.wire import Fields

NO_CONTRACT = "No security definition has been found for the request"


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract as a client describes it; empty and zero mean "any"."""

    con_id: int
    symbol: str
    sec_type: str
    expiry: str
    strike: float
    right: str
    exchange: str
    local_symbol: str


def read_terms(fields: Fields) -> Terms:
    """The twelve contract fields of a request."""
    con_id, symbol, sec_type, expiry = fields.integer(), fields.text(), fields.text(), fields.text()
    strike, right, _multiplier = fields.number(), fields.text(), fields.text()
    exchange, _primary, _currency, local_symbol, _class = (fields.text() for _ in range(5))
    return Terms(con_id, symbol, sec_type, expiry, strike or 0.0, right.strip("?0"), exchange, local_symbol)


def resolve(client: Client, terms: Terms) -> list[Instrument]:
    """All contracts that the terms fit."""
    world = client.gateway.world
    if terms.local_symbol and not terms.con_id and not terms.symbol:
        terms = _from_local_symbol(terms)
    found = world.market.listing.find(
        world.session, terms.con_id, terms.symbol, terms.sec_type, terms.expiry, terms.strike, terms.right
    )
    return list(found)


def _from_local_symbol(terms: Terms) -> Terms:
    name = terms.local_symbol
    if len(name) < 21 or not name[6:12].isdigit() or not name[13:21].isdigit():
        return Terms(0, name.strip(), "STK", "", 0.0, "", terms.exchange, "")
    strike = int(name[13:21]) / 1000
    return Terms(0, name[:6].strip(), "OPT", "20" + name[6:12], strike, name[12], terms.exchange, "")


def details(client: Client, fields: Fields) -> None:
    """reqContractDetails: every match, then the end; none is error 200."""
    fields.integer()
    req_id = fields.integer()
    terms = read_terms(fields)
    found = resolve(client, terms)
    if not found:
        client.error(req_id, 200, NO_CONTRACT)
        return
    gateway = client.gateway
    now = gateway.clock.now()
    for instrument in found:
        client.send(*messages.contract_details(req_id, instrument, gateway.world.hours, now, client.version))
    client.send(52, 1, req_id)


def option_parameters(client: Client, fields: Fields) -> None:
    """reqSecDefOptParams: expirations and strikes of an underlying, once for each exchange."""
    req_id, symbol, _exchange, _sec_type, con_id = (
        fields.integer(),
        fields.text(),
        fields.text(),
        fields.text(),
        fields.integer(),
    )
    if symbol not in BY_SYMBOL or stock(symbol).con_id != con_id:
        client.error(req_id, 200, NO_CONTRACT)
        return
    world = client.gateway.world
    if BY_SYMBOL[symbol].has_options:
        days, prices = chains.expirations(world.session), world.market.listing.strikes(symbol)
        for exchange in OPTION_EXCHANGES:
            client.send(75, req_id, exchange, con_id, symbol, 100, len(days), *days, len(prices), *prices)
    client.send(76, req_id)


def matching_symbols(client: Client, fields: Fields) -> None:
    """reqMatchingSymbols: by the start of the symbol or a part of the name."""
    req_id, pattern = fields.integer(), fields.text().upper()
    found = [u for u in UNDERLYINGS if u.symbol.startswith(pattern) or pattern in u.name.upper()]
    body: list[object] = []
    for spec in found:
        body += [stock(spec.symbol).con_id, spec.symbol, "STK", spec.exchange, "USD"]
        body += [1, "OPT"] if spec.has_options else [0]
        body += [spec.name, ""] if client.version >= 176 else []
    client.send(79, req_id, len(found), *body)


def market_rule(client: Client, fields: Fields) -> None:
    """reqMarketRule: cents at every price."""
    rule = fields.integer()
    if str(rule) != messages.MARKET_RULE:
        client.error(-1, 321, "Error validating request.-'ct' : cause - Unknown market rule.")
        return
    client.send(93, rule, 1, 0, 0.01)


def find_one(client: Client, req_id: int, terms: Terms) -> Instrument | None:
    """The one contract that the terms fit, or None after an error 200."""
    found = resolve(client, terms)
    if len(found) == 1:
        return found[0]
    ambiguous = "The contract description specified for " + terms.symbol + " is ambiguous."
    client.error(req_id, 200, ambiguous if found else NO_CONTRACT)
    return None


def known(con_id: int) -> Instrument | None:
    """A contract by id, or None."""
    try:
        return by_con_id(con_id)
    except KeyError:
        return None


HANDLERS: dict[int, Handler] = {9: details, 78: option_parameters, 81: matching_symbols, 91: market_rule}
