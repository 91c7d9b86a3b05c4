"""What closings realised, as the broker counts it."""

from __future__ import annotations

from decimal import Decimal

from data.book.book import Book
from data.book.realized import realized
from tests.book.lives import KO, P60, Life


def test_the_premium_of_an_assigned_put_is_the_shares() -> None:
    life = Life()
    life.fill(P60.con_id, Decimal(-2), Decimal("1.5"), fee=Decimal(1), order="o1")
    life.fill(P60.con_id, Decimal(1), Decimal("0.5"), fee=Decimal(1), order="o2")
    life.deliver(P60.con_id, Decimal(1), "assignment")
    life.fill(KO.con_id, Decimal(-100), Decimal(62), fee=Decimal(1), order="o3")
    trips = Book(life.fills).trips
    keys = {fill.key for fill in life.fills}
    bought_back, assigned = Decimal("98.5"), Decimal("149.5")  # 150 − 0.5 − 50 − 1; 150 − 0.5
    assert realized(trips, keys) == {P60.con_id: bought_back, KO.con_id: 200 - 1 + assigned}
    last = life.fills[-1].key
    assert realized(trips, {last}) == {KO.con_id: 199 + assigned}


def test_what_cannot_be_said() -> None:
    life = Life()
    life.fill(KO.con_id, Decimal(100), Decimal(60), fee=Decimal(1), fee_currency="EUR", order="o1")
    life.fill(KO.con_id, Decimal(-100), Decimal(62), fee=Decimal(1), order="o2")
    assert realized(Book(life.fills).trips, {fill.key for fill in life.fills}) == {KO.con_id: None}
