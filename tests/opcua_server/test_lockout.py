"""Who guesses waits, and for how long."""

from __future__ import annotations

from opcua_server.lockout import MEMORY, Lockout


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_failures_are_free_and_each_more_doubles_the_wait() -> None:
    lockout, waits = Lockout(3, 1.0, 10.0, Time()), []
    for _ in range(8):
        lockout.failed(["user ono"])
        waits.append(lockout.wait(["user ono"]))
    assert waits == [0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_wait_ends_and_success_forgives() -> None:
    time = Time()
    lockout = Lockout(1, 1.0, 60.0, time)
    lockout.failed(["a"])
    assert lockout.wait(["a"]) == 1.0
    time.now = 1.0
    assert lockout.wait(["a"]) == 0.0
    lockout.failed(["a"])
    assert lockout.wait(["a"]) == 2.0
    lockout.succeeded(["a"])
    lockout.failed(["a"])
    assert lockout.wait(["a"]) == 1.0


def test_the_strictest_of_user_and_address_counts_and_others_are_not_touched() -> None:
    lockout = Lockout(1, 1.0, 60.0, Time())
    for name in ("ono", "saito", "abe"):
        lockout.failed([f"user {name}", "address 192.0.2.1"])
    assert lockout.wait(["user ono", "address 192.0.2.1"]) == 4.0
    assert lockout.wait(["user ono", "address 192.0.2.2"]) == 1.0
    assert lockout.wait(["user new", "address 192.0.2.2"]) == 0.0


def test_invented_names_do_not_fill_the_memory() -> None:
    lockout = Lockout(3, 1.0, 60.0, Time())
    for k in range(MEMORY + 500):
        lockout.failed([f"user {k}"])
    assert len(lockout._failures) == MEMORY
