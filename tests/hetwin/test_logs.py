"""The log as JSON: an object a line, with fields."""

from __future__ import annotations

import json
import logging
import sys

from hetwin.logs import JsonLines


def line(**changes: object) -> dict[str, object]:
    record = logging.makeLogRecord({"name": "hetwin", "levelname": "WARNING", "msg": "at %s", "args": ("3 bar",)})
    record.__dict__.update(changes)
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_tells_time_level_logger_and_message() -> None:
    found = line(created=0.25)
    assert found == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "warning",
        "logger": "hetwin",
        "message": "at 3 bar",
        "fields": {},
    }


def test_what_is_logged_with_extra_is_a_field() -> None:
    assert line(alarm="BAG-1.filling", severity=700)["fields"] == {"alarm": "BAG-1.filling", "severity": 700}


def test_japanese_and_line_breaks_stay_in_their_line() -> None:
    assert line(msg="ヘリウム\n%s")["message"] == "ヘリウム\n3 bar"


def test_an_exception_is_told_with_its_place() -> None:
    try:
        raise ValueError("no such valve")
    except ValueError:
        found = line(exc_info=sys.exc_info())
    assert "ValueError: no such valve" in str(found["exception"])
