"""A short campaign of malformed messages against a real server; `hetwin bench opcua_fuzz` is the long one."""

from __future__ import annotations

import pytest

from benchmarks import opcua_fuzz


@pytest.mark.slow
def test_a_server_survives_malformed_messages_and_serves_others() -> None:
    rows = {row["point"]: row["figure"] for row in opcua_fuzz.run(messages=3000, seed=20)}
    assert rows["malformed messages sent"] >= 3000
    assert rows["of them answered with a status"] > 100
    assert rows["connections that the server ended"] > 100
    assert rows["crashes"] == 0
    assert rows["new clients not served"] == 0
    assert rows["growth of the server"] < 50.0
