"""What a person says of cycles: what rolls and assignments bind moves as one, everything else of it stays."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from data.book.book import Book
from tests.book.lives import Life
from tests.book.test_examples import C57, P55, P60, WHEEL, fill, ids
from tests.book.test_money import BUSY, LIVES, TURNING, told

LATER = fill(50, P55, -1, "0.90", order="y", key="later")


def key_of(book: Book, contract: str) -> str:
    return next(trip.id for trip in book.trips if trip.terms.local_symbol == contract)


BOUGHT_BACK = [*WHEEL[:6], fill(40, C57, 1, "0.20")]


def test_a_call_is_taken_out_of_a_cycle_and_given_back() -> None:
    book = Book(BOUGHT_BACK)
    call = key_of(book, "KO C57")
    book.place({call: None})
    assert ids(book.cycles) == [["KO P60", "KO P55", "KO"], ["KO C57"]]
    book.place({})
    assert ids(book.cycles) == [["KO P60", "KO P55", "KO", "KO C57"]]


def test_a_put_joins_the_cycle_before_it() -> None:
    book = Book([*WHEEL, LATER])
    assert len(book.cycles) == 2
    assert book.place({"later": key_of(book, "KO P60")}) == {("KO", "USD")}
    assert ids(book.cycles) == [["KO P60", "KO P55", "KO", "KO C57", "KO P55"]]
    assert not book.place({"later": key_of(book, "KO P60")})
    assert ids(book.chains)[-1] == ["KO P55"]  # a chain is what rolls bind, whatever people say


def test_what_a_roll_and_an_assignment_bind_moves_as_one() -> None:
    book = Book([*WHEEL, LATER])
    for contract in ("KO P60", "KO P55", "KO", "KO C57"):  # the call was assigned too: its shares are not another's
        book.place({key_of(book, contract): "later"})
        assert ids(book.cycles) == [["KO P60", "KO P55", "KO", "KO C57", "KO P55"]]
        book.place({key_of(book, contract): None})
        assert ids(book.cycles) == [["KO P60", "KO P55", "KO", "KO C57"], ["KO P55"]]


def test_what_is_not_known_yet_waits() -> None:
    book = Book(WHEEL)
    assert not book.place({"later": WHEEL[0].key, "nothing": None})
    book.update([LATER])
    assert book.place({"later": WHEEL[0].key, "nothing": None}) == {("KO", "USD")}
    assert len(book.cycles) == 1
    book.place({"later": "nothing"})
    assert len(book.cycles) == 2


def test_other_underlyings_are_never_bound() -> None:
    other = fill(
        3,
        P60.__class__(9, "PEP", "PEP P60", "OPT", "USD", P60.multiplier, P60.strike, "P", P60.expiry),
        -1,
        "1",
        key="pep",
    )
    book = Book([*WHEEL, other])
    assert not book.place({"pep": WHEEL[0].key})
    assert len(book.cycles) == 2


@given(life=LIVES | BUSY | TURNING, seed=st.integers(0, 2**32))
def test_it_doesn_t_matter_when_it_is_said(life: Life, seed: int) -> None:
    chance = random.Random(seed)
    keys = sorted(fill.key for fill in life.fills)
    if not keys:
        return
    placed = {chance.choice(keys): chance.choice([None, *keys]) for _ in range(3)}
    whole = Book([*life.wrong, *life.fills], life.changes)
    whole.place(placed)
    arriving = Book(life.wrong, life.changes)
    for one in life.fills:
        arriving.update([one])
        arriving.place(placed)
        if chance.random() < 0.3:
            told(arriving)
    assert told(arriving) == told(whole)
    whole.place({})
    assert told(whole) == told(Book([*life.wrong, *life.fills], life.changes))
