"""The recorder: a history written in a thread of its own, behind a bounded queue, for plants that run by the clock."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time as clock
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np

from twin.history.database import HistoryError
from twin.history.retention import now
from twin.history.store import Event
from twin.history.writer import History

log = logging.getLogger(__name__)


class Request:
    """Something to do with a history between two scans, whose result somebody waits for."""

    def __init__(self, do: Callable[[History], Any]) -> None:
        self.do = do
        self.result: Any = None
        self.done: Future[Any] = Future()

    def begin(self, history: History) -> None:
        """Do it, unless nobody waits any more."""
        if self.done.set_running_or_notify_cancel():
            self.result = self.do(history)

    def finish(self, problem: Exception | None = None) -> None:
        """Hand over the result, or why there is none, if anybody still waits."""
        if self.done.cancelled() or (not self.done.running() and not self.done.set_running_or_notify_cancel()):
            return
        if problem is not None:
            self.done.set_exception(problem)
        else:
            self.done.set_result(self.result)


Scanned = tuple[np.ndarray, float, int, int]
Item = Scanned | Event | Request


class Recorder:
    """A history written in a thread of its own: a slow disk never delays a scan.

    When the disk is full or the database is gone, scans wait in the queue until it works again; those that do not fit
    are counted. What was written and not committed is written again.
    """

    COMMIT_AFTER = 0.4  # s; with the queue's patience, less than a second is lost when the process is killed
    PATIENCE = 2.0
    """Seconds between two attempts to open a history again that failed."""
    WAITING = 600
    """Scans that may wait, a minute at ten a second."""
    EVENTS = 20_000
    """Events that may wait: a client that writes a thousand tags at once makes a thousand."""

    def __init__(self, history: History) -> None:
        self.history = history
        history.patient = True
        self.lost = 0
        self.failing = False
        self.reason = ""
        """Why it is failing."""
        self._told = 0  # of those lost
        self._again = self._since = -math.inf
        self._unsaved: list[Item] = []
        self._closing = threading.Event()
        self._queue: queue.Queue[Item | None] = queue.Queue()
        self._came = self._went = 0  # scans into the queue and out of it, each counted by one thread
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Scans and events that are not written yet."""
        return self._queue.qsize()

    def record(self, image: np.ndarray, time: float, wall: int | None = None, quality: int = 0) -> None:
        """Hand over a scan, which must not change any more; never waits."""
        room = self._came - self._went < self.WAITING
        self._came += room
        self._put((image, time, now() if wall is None else wall, quality), room)

    def note(self, event: Event) -> None:
        """Hand over an event; never waits."""
        self._put(event, self.waiting < self.EVENTS)

    def ask(self, do: Callable[[History], Any]) -> Future[Any]:
        """Have something done to the history; its result comes when it is durable, HistoryError if it cannot be."""
        request = Request(do)
        if self.failing or not self._put(request, self.waiting < self.EVENTS):
            request.finish(HistoryError(f"The history cannot be written now. {self.reason}".strip()))
        return request.done

    def settled(self) -> Future[None]:
        """Done once all that was handed over before is committed, or cannot be: a killed process does not lose it."""
        settled: Future[None] = Future()
        self.ask(lambda history: None).add_done_callback(lambda _: settled.set_result(None))
        return settled

    def _put(self, item: Item, room: bool) -> bool:
        if room:
            self._queue.put_nowait(item)
        else:
            self.lost += 1
        return room

    def close(self) -> None:
        """Write what waits, commit and close; a history that fails gets one more chance."""
        self._closing.set()
        self._queue.put_nowait(None)  # so that nobody waits for a scan any more
        self._thread.join()
        left = [item for item in (*self._unsaved, *self._queue.queue) if item is not None]
        self.lost += len(left)
        self._tell_lost("the history cannot be written")
        for item in left:
            if isinstance(item, Request):
                item.finish(HistoryError("The history was closed."))
        try:
            self.history.close()
        except Exception as problem:
            log.error("The history could not be closed: %s", problem)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        due, busy = clock.monotonic() + self.COMMIT_AFTER, False
        while True:
            if self.failing and not self._mended():
                if self._closing.is_set():
                    return
                continue
            item: Item | None = None
            hurry = busy or self._closing.is_set()
            try:
                item = self._queue.get(timeout=0.001 if hurry else max(due - clock.monotonic(), 0.001))
            except queue.Empty:
                busy = self._tried(self.history.work)
                if self._closing.is_set() and self._tried(self._commit):
                    return
            if item is not None:
                self._went += isinstance(item, tuple)
                self._take(item)
            if clock.monotonic() >= due or isinstance(item, Request):
                self._tried(self._commit)
                self._tell_lost("the history is too slow")
                due = clock.monotonic() + self.COMMIT_AFTER

    def _take(self, item: Item) -> None:
        """Write an item; one that no database would take is left out."""
        try:
            self._write(item)
        except HistoryError as problem:
            self._unsaved.append(item)
            self._fail(problem)
        except Exception as problem:
            self._fail(problem)
            if isinstance(item, Request):
                item.finish(HistoryError(str(problem)))
            else:
                self.lost += 1
        else:
            self._unsaved.append(item)

    def _write(self, item: Item) -> None:
        if isinstance(item, Request):
            item.begin(self.history)
        elif isinstance(item, Event):
            self.history.note(item)
        else:
            self.history.record(*item)

    def _commit(self) -> bool:
        self.history.commit()
        saved, self._unsaved = self._unsaved, []
        for item in saved:
            if isinstance(item, Request):
                item.finish()
        return True

    def _tried(self, do: Callable[[], Any]) -> bool:
        """Do something with the history; False too when that failed."""
        if self.failing:
            return False
        try:
            return bool(do())
        except Exception as problem:
            self._fail(problem)
            return False

    def _fail(self, problem: Exception) -> None:
        """The disk is full, the server is gone: whoever waits is told, the rest is tried again."""
        self.reason = str(problem).strip().rstrip(".") + "."
        self.failing, self._since = True, clock.monotonic()
        log.error("The history could not be written: %s The plant goes on.", self.reason)
        for item in self._unsaved:
            if isinstance(item, Request):
                item.finish(HistoryError(self.reason))
        self._unsaved = [item for item in self._unsaved if not isinstance(item, Request)]

    def _mended(self) -> bool:
        """Try, now and then, to go on from what was committed, with what was not."""
        if not self._closing.is_set() and (wait := self._again - clock.monotonic()) > 0.0:
            self._closing.wait(min(wait, 0.1))
            return False
        self._again = clock.monotonic() + self.PATIENCE
        try:
            self.history.reopen()
            for item in self._unsaved:
                self._write(item)
            self._commit()
        except Exception as problem:
            self.reason = str(problem).strip().rstrip(".") + "."
            return False
        self.failing, passed = False, clock.monotonic() - self._since
        missing, self._told = self.lost - self._told, self.lost
        log.warning("The history is written again after %.0f s; %d scans or events are missing.", passed, missing)
        return True

    def _tell_lost(self, why: str) -> None:
        if self.lost > self._told:
            log.error("%d scans or events were not recorded: %s.", self.lost - self._told, why)
            self._told = self.lost
