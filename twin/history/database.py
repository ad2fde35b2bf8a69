"""The two databases a history lives in, behind one small face: SQLite for a file, PostgreSQL for a URL.

Statements are written once, with `?` for a parameter and the types of SQLite; PostgreSQL's own are put in here.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from twin.errors import TwinError

Row = tuple[Any, ...]
WRITER = 0x48455457494E
"""Number of the lock that the one writer of a PostgreSQL database holds."""
URLS = ("postgresql://", "postgres://")
INCREMENTAL = 2
"""Of SQLite's auto_vacuum: pages that are free can be given back, some at a time."""
SLICE = 64
"""Pages that are given back in one go, 2 MB."""
SPARE = 0.125
"""Share of a file that may be free: what comes next needs it again."""

log = logging.getLogger(__name__)


class HistoryError(TwinError):
    """A history cannot be used."""


class Database(Protocol):
    """A connection of one thread at a time; a transaction is open from the first statement to `commit`.

    A database that cannot be read or written raises HistoryError; a row that it would never take raises what it is.
    """

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query."""

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row."""

    def define(self, statements: str) -> None:
        """Make tables that are not there yet."""

    def renew(self) -> None:
        """Write a file of earlier versions anew, once, so that it can shrink; without the room for that it stays."""

    def shrink(self) -> bool:
        """Give a little of the room that nothing is kept in back to the disk; False when the rest is not worth it."""

    def claim(self) -> bool:
        """Whether this is the one connection that writes."""

    def freeze(self) -> None:
        """From here to `commit`, see one state of the database while others write."""

    def commit(self) -> None:
        """Make durable."""

    def close(self) -> None:
        """Close without commit."""


def open_database(where: str | Path, write: bool = True) -> Database:
    """Open the history at a path or a URL such as postgresql://user@host/name. Raises HistoryError."""
    if str(where).startswith(URLS):
        return Postgres(str(where))
    return Sqlite(Path(where), write)


class Sqlite:
    """A file, in WAL: readers and the one writer do not wait for each other."""

    def __init__(self, path: Path, write: bool = True) -> None:
        if not write and not path.is_file():
            raise HistoryError(f"There is no history {path}.")
        self._path = path
        try:
            self._file = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
            self._file.execute("PRAGMA page_size=32768")  # of a new file; segments are some 3 KB
            if self._number("page_count") == 0:
                self._file.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before there is anything in it
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute("PRAGMA cache_size=-8192")
        except sqlite3.OperationalError as problem:
            raise HistoryError(f"{path} cannot be opened: {problem}.") from None
        except sqlite3.DatabaseError:
            raise HistoryError(f"{path} is not a history of hetwin.") from None

    def renew(self) -> None:
        if self._number("auto_vacuum") == INCREMENTAL:
            return
        size = self._number("page_count") * self._number("page_size") / 1e6
        log.warning("%s is written anew, once, so that it can shrink (%.0f MB).", self._path, size)
        try:
            self._file.execute("PRAGMA auto_vacuum=INCREMENTAL")
            self._file.execute("VACUUM")
        except sqlite3.Error as problem:
            log.warning("%s stays as it is and will not shrink: %s.", self._path, problem)

    def _number(self, pragma: str) -> int:
        return int(self._file.execute(f"PRAGMA {pragma}").fetchone()[0])

    def shrink(self) -> bool:
        if self._number("auto_vacuum") != INCREMENTAL:
            return False
        if self._number("freelist_count") <= self._number("page_count") * SPARE:
            return False
        with self._told():
            self._file.execute(f"PRAGMA incremental_vacuum({SLICE})").fetchall()
        return True

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._file.execute(statement, parameters).fetchall()
        except sqlite3.DatabaseError as problem:
            raise HistoryError(f"{self._path} is not a history of hetwin, or damaged: {problem}.") from None

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        with self._told():
            self._file.execute(statement, parameters)

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._told():
            self._file.executemany(statement, rows)

    def define(self, statements: str) -> None:
        with self._told():
            self._file.executescript(statements)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # what was to be written is wrong, not the database
        except sqlite3.Error as problem:
            raise HistoryError(f"{self._path} cannot be written: {problem}.") from None

    def claim(self) -> bool:
        return True  # of files on one machine, whoever opens them takes care

    def freeze(self) -> None:
        self._file.execute("BEGIN")

    def commit(self) -> None:
        with self._told():
            self._file.commit()

    def close(self) -> None:
        self._file.close()


class Postgres:
    """A PostgreSQL server; needs psycopg (`pip install "hetwin[postgres]"`)."""

    TYPES = (("INTEGER", "BIGINT"), ("REAL", "DOUBLE PRECISION"), ("BLOB", "BYTEA"))

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise HistoryError('A history in PostgreSQL needs psycopg: pip install "hetwin[postgres]".') from None
        self._error = psycopg.Error
        self._mistakes = psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError
        self._where = shown(url)
        try:
            self._link = psycopg.connect(url, connect_timeout=10)
        except psycopg.Error as problem:
            reason = str(problem).strip().splitlines()[-1]
            raise HistoryError(f"The history {self._where} cannot be opened: {reason}.") from None

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._link.execute(_percent(statement), parameters, binary=True).fetchall()
        except self._error as problem:
            raise HistoryError(f"The database holds no history of hetwin, or is gone: {problem}.") from None

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        with self._told():
            self._link.execute(_percent(statement), parameters)

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._told(), self._link.cursor() as cursor:
            cursor.executemany(_percent(statement), rows)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._mistakes:
            raise  # what was to be written is wrong, not the database
        except self._error as problem:
            raise HistoryError(f"{self._where} cannot be written: {str(problem).strip().rstrip('.')}.") from None

    def renew(self) -> None:
        pass

    def shrink(self) -> bool:
        return False  # the server looks after its files

    def define(self, statements: str) -> None:
        for ours, theirs in self.TYPES:
            statements = statements.replace(ours, theirs)
        with self._told():
            self._link.execute(statements)

    def claim(self) -> bool:
        return bool(self.rows("SELECT pg_try_advisory_lock(?)", (WRITER,))[0][0])

    def freeze(self) -> None:
        self._link.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        with self._told():
            self._link.commit()

    def close(self) -> None:
        self._link.close()


def _percent(statement: str) -> Any:
    return statement.replace("?", "%s")


def shown(where: str | Path) -> str:
    """A place for people's eyes: a URL without its password."""
    url = str(where)
    head, at, tail = url.rpartition("@")
    return f"{head.rpartition(':')[0]}:...@{tail}" if url.startswith(URLS) and at and head.count(":") > 1 else url
