"""The byte budget: exact, bounded, the most worthy first."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mininet_ros.keyframes.selection.budget import NANOSECONDS, BudgetError, ByteBudget, Outcome

SECOND = NANOSECONDS


def outcomes(verdicts: list) -> list[tuple[int, str]]:
    return [(verdict.ticket, verdict.outcome.value) for verdict in verdicts]


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    budget = ByteBudget(rate=1000, burst=3000)
    assert outcomes(budget.offer(1, 2000, 1.0, 0)) == [(1, "sent")]
    assert budget.credit == 1000
    assert outcomes(budget.offer(2, 2000, 1.0, 0)) == []
    assert outcomes(budget.release(SECOND - 1)) == []
    assert outcomes(budget.release(SECOND)) == [(2, "sent")]
    assert budget.credit == 0


def test_when_credit_is_short_the_most_worthy_goes_first_and_is_not_overtaken() -> None:
    budget = ByteBudget(rate=1000, burst=3000)
    budget.offer(1, 3000, 1.0, 0)
    assert budget.offer(2, 500, 0.1, 0) == []
    assert budget.offer(3, 2000, 0.9, 0) == []
    assert budget.release(SECOND) == []
    assert outcomes(budget.release(int(2.5 * SECOND))) == [(3, "sent"), (2, "sent")]


def test_the_least_worthy_is_crowded_out_and_counted() -> None:
    budget = ByteBudget(rate=1, burst=100, room=2)
    budget.offer(1, 100, 1.0, 0)
    budget.offer(2, 100, 0.5, 0)
    budget.offer(3, 100, 0.7, 0)
    verdicts = budget.offer(4, 100, 0.6, 0)
    assert outcomes(verdicts) == [(2, "crowded_out")]
    assert "2 payloads of more worth" in verdicts[0].sentence
    counts = budget.statistics()
    assert (counts.waiting, counts.waiting_bytes, counts.room) == (2, 200, 2)
    assert (counts.offered, counts.sent, counts.crowded_out) == (4, 1, 1)


def test_what_exceeds_the_burst_is_refused_at_once() -> None:
    budget = ByteBudget(rate=10, burst=100)
    verdicts = budget.offer(1, 101, 1.0, 0)
    assert outcomes(verdicts) == [(1, "too_large")]
    assert "101 bytes exceed the burst of 100 bytes" in verdicts[0].sentence


def test_credit_ends_at_the_burst_and_survives_a_clock_that_jumps_back() -> None:
    budget = ByteBudget(rate=10, burst=100)
    budget.offer(1, 60, 1.0, 10 * SECOND)
    budget.release(5 * SECOND)
    assert budget.credit == 40
    budget.release(6 * SECOND)
    assert budget.credit == 50
    budget.release(1000 * SECOND)
    assert budget.credit == 100


def test_clear_drops_what_waits() -> None:
    budget = ByteBudget(rate=10, burst=100)
    budget.offer(1, 100, 1.0, 0)
    budget.offer(2, 100, 1.0, 0)
    assert outcomes(budget.clear()) == [(2, "cleared")]
    assert budget.release(100 * SECOND) == []


def test_other_settings_take_effect_at_once_and_give_no_credit() -> None:
    budget = ByteBudget(rate=10, burst=100, room=8)
    budget.offer(1, 100, 1.0, 0)
    for stamp, (size, worth) in enumerate(((90, 0.9), (40, 0.8), (30, 0.7), (20, 0.6)), start=2):
        assert budget.offer(stamp, size, worth, 0) == []
    changed = budget.configure(rate=20, burst=50, room=2, now_ns=SECOND)
    assert outcomes(changed) == [(2, "too_large"), (5, "crowded_out")]
    assert budget.credit == 10
    assert outcomes(budget.release(2 * SECOND)) == []
    assert outcomes(budget.release(int(2.5 * SECOND))) == [(3, "sent")]
    assert outcomes(budget.release(100 * SECOND)) == [(4, "sent")]
    budget.release(200 * SECOND)
    assert budget.credit == 50
    assert budget.configure(rate=20, burst=500, room=2, now_ns=200 * SECOND) == []
    assert budget.credit == 50
    with pytest.raises(BudgetError, match="burst must be at least 1"):
        budget.configure(rate=20, burst=0, room=2, now_ns=200 * SECOND)


@pytest.mark.parametrize("setting", ["rate", "burst", "room"])
def test_settings_below_one_are_refused(setting: str) -> None:
    with pytest.raises(BudgetError, match=f"The budget's {setting} must be at least 1, got 0."):
        ByteBudget(**{"rate": 1, "burst": 1, "room": 1, setting: 0})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rate=st.integers(1, 5000),
    burst=st.integers(1, 5000),
    room=st.integers(1, 4),
    offers=st.lists(
        st.tuples(st.integers(0, 3 * SECOND), st.integers(0, 6000), st.floats(0, 1)), max_size=40
    ),
)
def test_the_account_is_exact(
    rate: int, burst: int, room: int, offers: list[tuple[int, int, float]]
) -> None:
    budget = ByteBudget(rate, burst, room)
    now, verdicts, sent = 0, [], []
    for stamp, (step, size, worth) in enumerate(offers):
        now += step
        due = budget.offer(stamp, size, worth, now)
        verdicts += due
        sent += [(now, verdict.size) for verdict in due if verdict.outcome is Outcome.SENT]
        assert budget.statistics().waiting <= room
    for start in {time for time, _ in sent}:
        total = 0
        for time, size in sent:
            if time >= start:
                total += size
                assert total * SECOND <= burst * SECOND + rate * (time - start)
    verdicts += budget.clear()
    assert sorted(verdict.ticket for verdict in verdicts) == list(range(len(offers)))
    counts = budget.statistics()
    assert counts.offered == counts.sent + counts.crowded_out + counts.too_large + counts.cleared
    assert counts.sent_bytes == sum(size for _, size in sent)
    assert counts.offered_bytes == sum(size for _, size, _ in offers)
