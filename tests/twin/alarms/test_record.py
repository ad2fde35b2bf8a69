"""The stream of alarm events on disk."""

import subprocess
import sys
import time

import pytest

from tests.twin.alarms.plant import Panel
from twin.alarms.declare import Limits
from twin.alarms.record import AlarmRecord, read_alarms
from twin.errors import TwinError


def panel():
    return Panel(Limits("p", "pressure", "圧力", high=2.0))


def test_events_are_kept_with_user_and_comment_run_after_run(tmp_path):
    path = tmp_path / "alarms.sqlite"
    for _ in range(2):
        record, one = AlarmRecord(path), panel()
        one.engine.subscribe(record.take)
        one.see(p=2.5)
        with record:
            one.engine.acknowledge("V-1.p", "佐藤", "確認に行く")
            one.see(p=1.0)
    rows = list(read_alarms(path))
    assert [row.transition for row in rows] == 2 * ["active", "acknowledged", "returned"]
    assert [row.id for row in rows] == [1, 2, 3, 1, 2, 3]
    assert len({row.run for row in rows}) in (1, 2)  # both within a millisecond on a fast machine
    assert (rows[1].user, rows[1].comment, rows[1].state) == ("佐藤", "確認に行く", "acknowledged")
    assert (rows[0].time, rows[0].value, rows[0].message_ja) == (1.0, 2.5, "V-1.p: 圧力 上限 (2.50)")
    assert list(read_alarms(path, "V-2*")) == []


def test_what_was_told_is_there_after_a_kill(tmp_path):
    path = tmp_path / "alarms.sqlite"
    program = f"""
from tests.twin.alarms.test_record import panel
from twin.alarms.record import AlarmRecord
import time
one = panel()
record = AlarmRecord({str(path)!r}).__enter__()
one.engine.subscribe(record.take)
for k in range(10**9):
    one.see(p=2.5); one.see(p=1.0)
    print(k, flush=True)
    time.sleep(0.001)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        while int(child.stdout.readline() or b"0") < 20:
            assert child.poll() is None
        time.sleep(0.2)
        child.kill()
    rows = list(read_alarms(path))
    assert len(rows) >= 40
    assert [row.id for row in rows] == list(range(1, len(rows) + 1))


def test_a_file_that_is_no_record_is_named(tmp_path):
    with pytest.raises(TwinError, match="There is no record"):
        list(read_alarms(tmp_path / "none.sqlite"))
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"something else" * 1000)
    with pytest.raises(TwinError, match="alarms"):
        list(read_alarms(other))
