from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from data.ibkr.budget import FIRST_WAIT_S, LONGEST_WAIT_S, TURN_S, Candidate, LineBudget

START = date(2026, 12, 1)


def candidates(short: int, long: int) -> list[Candidate]:
    shorts = [Candidate(n, True, START + timedelta(days=n)) for n in range(short)]
    return shorts + [Candidate(1000 + n, False, START) for n in range(long)]


def test_few_contracts_all_have_a_line():
    assert LineBudget(40).plan(candidates(20, 20), 0) == tuple(c.con_id for c in candidates(20, 20))


def test_short_options_near_expiry_first_and_the_rest_by_turns():
    budget = LineBudget(40)
    seen: set[int] = set()
    for turn in range(20):
        plan = budget.plan(candidates(50, 30), turn * TURN_S)
        assert len(plan) == 40
        assert plan[:30] == tuple(range(30))
        seen |= set(plan)
    assert seen == {c.con_id for c in candidates(50, 30)}


def test_a_refusal_gives_half_back_and_waits_longer_each_time():
    budget, now, wait = LineBudget(40), 0.0, FIRST_WAIT_S
    many = candidates(60, 0)
    for _ in range(8):
        before = len(budget.plan(many, now))
        kept = budget.refused(before, now)
        assert kept == before // 2
        assert budget.refused(before, now) == kept  # the rest of the same burst
        assert len(budget.plan(many, now + wait - 1)) == kept
        now += wait
        assert len(budget.plan(many, now)) > kept
        wait = min(wait * 2, LONGEST_WAIT_S)


def test_it_comes_back_to_its_budget_after_a_while():
    budget = LineBudget(40)
    budget.refused(40, 0.0)
    for turn in range(10):
        plan = budget.plan(candidates(60, 0), FIRST_WAIT_S + turn * TURN_S)
    assert len(plan) == 40


@given(st.integers(0, 60), st.integers(0, 90), st.integers(0, 90), st.lists(st.floats(0, 1e5), max_size=20))
def test_never_more_than_the_budget(size: int, short: int, long: int, moments: list[float]):
    budget = LineBudget(size)
    for number, now in enumerate(sorted(moments)):
        plan = budget.plan(candidates(short, long), now)
        assert len(plan) <= size
        if number % 3 == 2:
            assert budget.refused(len(plan), now) <= size
