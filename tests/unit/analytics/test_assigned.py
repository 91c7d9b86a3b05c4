"""What the list of positions shows and no execution tells: assignments, as a multiset within a session."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from data.analytics.assigned import assignments
from data.analytics.today import Cash, lines
from data.risk_views import RiskOptions

MONDAY = date(2026, 3, 23)
NIGHT = datetime(2026, 3, 21, 9, 15, tzinfo=UTC)
SHARES = {"con_id": 9, "symbol": "KO", "local_symbol": "KO", "sec_type": "STK", "trading_class": "KO", "currency": "USD",
          "strike": None, "right": None, "multiplier": 1.0, "underlying_price": None}  # fmt: skip


def option(con_id: int = 1, strike: float = 60.0, right: str = "P", **values: Any) -> dict[str, Any]:
    name = f"KO {right}{strike:g}"
    found = {"con_id": con_id, "local_symbol": name, "sec_type": "OPT", "strike": strike, "right": right, "multiplier": 100.0,
             "underlying_price": 58.0}  # fmt: skip
    return SHARES | found | values


def move(contract: dict[str, Any], before: float, after: float, day: date = MONDAY, **values: Any) -> dict[str, Any]:
    seen = {"ts": NIGHT + (day - MONDAY), "session_date": day, "quantity_before": before, "quantity": after}
    return contract | seen | {"avg_cost_before": None, "avg_cost": None, "is_current": day == MONDAY} | values


def deed(
    contract: dict[str, Any], quantity: float, kind: str = "trade", day: date = MONDAY, **values: Any
) -> dict[str, Any]:
    seen = {"ts": NIGHT + (day - MONDAY), "session_date": day, "quantity": quantity, "kind": kind, "price": 0.0}
    return contract | seen | {"source": "api", "is_current": day == MONDAY} | values


def found(moves: list[Any], executions: list[Any] = []) -> list[tuple[Any, ...]]:  # noqa: B006
    return [(x["state"], x["kind"], x["con_id"], x["contracts"], x["shares"]) for x in assignments(moves, executions)]


def test_an_assignment_is_inferred_until_a_row_confirms_it() -> None:
    moves = [move(option(), -2.0, 0.0), move(SHARES, 50.0, 250.0)]
    assert found(moves) == [("unconfirmed", "assignment", 1, 2.0, 200.0)]
    assert found(moves[::-1]) == found(moves)
    booked = deed(option(), 2.0, "assignment", source="statement")
    assert found(moves, [booked]) == [("confirmed", "assignment", 1, 2.0, 200.0)]
    whole = [booked, deed(SHARES, 200.0, "assignment", price=60.0)]
    assert found(moves, whole) == found(moves, [booked])
    later = deed(option(), 2.0, "assignment", day=MONDAY + timedelta(days=1))  # posted a session late
    assert [x[0] for x in found(moves, [later])] == ["confirmed"]
    assert found(moves, [deed(option(), 2.0, "expiry")]) == []  # the broker says what it was


def test_each_way_that_shares_go() -> None:
    assert found([move(option(right="C"), -1.0, 0.0), move(SHARES, 100.0, 0.0)])[0][4] == -100.0
    assert found([move(option(right="C"), 1.0, 0.0), move(SHARES, 0.0, 100.0)])[0][1:2] == ("exercise",)
    assert found([move(option(right="P"), 2.0, 1.0), move(SHARES, 100.0, 0.0)])[0][3:] == (1.0, -100.0)


def test_what_is_not_inferred() -> None:
    put, came = move(option(), -1.0, 0.0), move(SHARES, 0.0, 100.0)
    assert found([put]) == []  # expired, or the shares are not there yet
    assert found([put, move(SHARES, 100.0, 0.0)]) == []  # the other way
    assert found([put, move(SHARES, 0.0, 99.0)]) == []  # whole contracts only
    assert found([put, move(SHARES, 0.0, 100.0, day=MONDAY + timedelta(days=1))]) == []  # another session
    assert found([put, came], [deed(option(), 1.0), deed(SHARES, 100.0)]) == []  # both were traded
    assert found([move(option(trading_class="KO1"), -1.0, 0.0), came]) == []  # delivers something else
    assert found([put, move(SHARES, 0.0, 100.0, avg_cost=45.0)]) == []  # shares came at another price: a transfer
    traded = [deed(option(), 1.0, day=MONDAY - timedelta(days=1)), deed(SHARES, 100.0, day=MONDAY - timedelta(days=1))]
    assert found([put, came], traded) == []  # filled at the close, seen after it


def test_several_of_a_night_are_matched_together() -> None:
    low, high = move(option(1, 55.0), -1.0, 0.0), move(option(2, 60.0), -1.0, 0.0)
    assert [x[2] for x in found([low, high, move(SHARES, 0.0, 100.0)])] == [2]  # the deepest in the money
    at_the_low = move(SHARES, 0.0, 100.0, avg_cost=54.2)  # less its premium
    cheap = [low | {"avg_cost_before": 80.0}, high | {"avg_cost_before": 80.0}]
    assert [x[2] for x in found([*cheap, at_the_low])] == [1]
    assert sorted(x[2] for x in found([low, high, move(SHARES, 0.0, 200.0, avg_cost=57.5)])) == [1, 2]
    piecewise = [move(SHARES, 0.0, 100.0), move(SHARES, 100.0, 200.0) | {"ts": NIGHT + timedelta(minutes=1)}]
    assert sorted(x[2] for x in found([low, *piecewise, high])) == [1, 2]
    bought = deed(SHARES, 300.0, price=58.0)
    assert [x[4] for x in found([high, move(SHARES, 0.0, 400.0)], [bought])] == [100.0]


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from("PC"), st.integers(1, 4)), min_size=1, max_size=6, unique_by=lambda x: x[0]),
    st.randoms(use_true_random=False),
    st.data(),
)  # fmt: skip
def test_any_night_in_any_order(held: list[tuple[int, str, int]], draw: Any, data: st.DataObject) -> None:
    """All shorts are assigned; any part of it is booked: confirmed and unconfirmed add up to all, each once."""
    same_way = [(n, right, count) for n, right, count in held if right == held[0][1]]
    contracts = {n: option(n, 50.0 + n, right) for n, right, _ in same_way}
    total = sum(count for *_, count in same_way) * (100 if held[0][1] == "P" else -100)
    moves = [move(contracts[n], -count, 0.0) for n, _, count in same_way] + [move(SHARES, 1000.0, 1000.0 + total)]
    booked = data.draw(st.sets(st.sampled_from([n for n, *_ in same_way])))
    executions = []
    for n, right, count in same_way:
        if n in booked:
            shares = 100.0 * count * (1 if right == "P" else -1)
            executions += [deed(contracts[n], count, "assignment"), deed(SHARES, shares, "assignment", price=50.0 + n)]
    draw.shuffle(moves)
    draw.shuffle(executions)
    made = found(moves, executions)
    assert sorted((x[2], x[3]) for x in made) == sorted((n, count) for n, _, count in same_way)
    assert {x[2] for x in made if x[0] == "confirmed"} == booked


def test_its_line_of_today() -> None:
    moves = [move(option(), -2.0, 0.0), move(SHARES, 50.0, 250.0)]
    [line] = lines([], assignments(moves, []), Cash(0.0), [], 0, RiskOptions())
    assert (line["kind"], line["urgency"], line["con_id"]) == ("assigned", "now", 9)
    assert line["text"] == "KO P60: 2 contracts assigned, unconfirmed; 200 KO came at 60."
    old = date(2026, 3, 16)
    past = [move(option(), -2.0, 0.0, old), move(SHARES, 50.0, 250.0, old)]
    assert len(lines([], assignments(past, []), Cash(0.0), [], 0, RiskOptions())) == 1  # until it is confirmed
    booked = [deed(option(), 2.0, "assignment", old)]
    assert lines([], assignments(past, booked), Cash(0.0), [], 0, RiskOptions()) == []
    index = deed(option(trading_class="SPX", symbol="SPX"), 1.0, "assignment")
    [line] = lines([], assignments([], [index]), Cash(0.0), [], 0, RiskOptions())
    assert (line["urgency"], line["text"]) == ("soon", "KO P60: 1 contract assigned, confirmed.")
