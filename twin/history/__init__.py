"""History: values of tags over time, and what happened, in an SQLite file or a PostgreSQL database.

    with History.create("out/history.sqlite", plant, interval=10.0) as history:
        history.record(plant.image, plant.time)
    series = read_history("out/history.sqlite", ["PT-101"])
    series["PT-101"]

Values are kept in single precision (6e-8 relative, finer than any transmitter), times in double; each scan carries its
simulated time and the wall clock. When the plant goes back to a snapshot a new run begins; readers by simulated time
see the run that was followed, and nothing that was recorded is lost (docs/history.md).

HistoryError    a history cannot be used: absent, damaged, of another version, no such server
"""

from twin.history.database import HistoryError, shown
from twin.history.notes import Change, Note, Outcome
from twin.history.points import Points
from twin.history.reader import Kept, Reader
from twin.history.recorder import Recorder
from twin.history.retention import Retention, now
from twin.history.series import Series, choose, read_blocks, read_history, write_csv
from twin.history.store import Event
from twin.history.writer import History

__all__ = [
    "Change",
    "Event",
    "History",
    "HistoryError",
    "Kept",
    "Note",
    "Outcome",
    "Points",
    "Reader",
    "Recorder",
    "Retention",
    "Series",
    "choose",
    "now",
    "read_blocks",
    "read_history",
    "shown",
    "write_csv",
]
