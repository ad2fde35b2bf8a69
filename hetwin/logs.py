"""The log of a served plant, for people or, a JSON object a line, for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

HUMAN = "%(asctime)s %(levelname)s %(message)s"
FORMATS = ("text", "json")
KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""Attributes that every record has; what else a record carries are its fields."""


class JsonLines(logging.Formatter):
    """time, level, logger, message, and the fields given as `extra`; an exception as text."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "fields": {name: value for name, value in vars(record).items() if name not in KNOWN},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def begin_log(form: str, on_terminal: bool) -> None:
    """On a terminal the live view shows what happens, and only errors are logged, on stderr."""
    handler = logging.StreamHandler(sys.stderr if on_terminal else sys.stdout)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(HUMAN))
    logging.basicConfig(level=logging.ERROR if on_terminal else logging.INFO, handlers=[handler])
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    logging.getLogger("asyncua.uaprotocol").setLevel(logging.CRITICAL)  # what clients send is told by the server
