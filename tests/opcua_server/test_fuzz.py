"""A short campaign of malformed messages against a real server; `hetwin bench opcua_fuzz` is the long one."""

from __future__ import annotations

import random
from argparse import Namespace

import pytest
from asyncua import ua

from benchmarks import opcua_fuzz
from benchmarks.clients.attacks import ATTACKS
from benchmarks.clients.mutations import TOKEN, Mutations


@pytest.mark.slow
def test_a_server_survives_malformed_messages_and_serves_others() -> None:
    rows = {row["point"]: row["figure"] for row in opcua_fuzz.run(messages=3000, seed=20)}
    assert rows["malformed messages looked at"] >= 3000
    assert rows["of them answered"] > 1000
    assert rows["connections that the server ended"] > 100
    assert rows["kinds of attack that were not made"] == 0
    assert rows["attacks answered otherwise than expected"] == 0
    assert rows["crashes"] == rows["errors in the server's log"] == 0
    assert rows["new clients not served"] == 0
    assert rows["growth of the server"] < 50.0


def test_a_changed_request_still_carries_the_secret_of_its_session() -> None:
    mutations = Mutations(random.Random(1), count=20)
    raw = Namespace(session=ua.NodeId(b"s" * 32, 0, ua.NodeIdType.ByteString), message=lambda content: content)
    made = [mutations.message(raw) for _ in range(50)]
    assert len(set(made)) > 40
    assert sum(b"s" * 32 in content for content in made) > 25
    assert not any(TOKEN in content for content in made)


def test_attacks_have_names_of_their_own_and_an_answer_that_is_right() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) > 30
    assert all(attack.expected for attack in ATTACKS)
