"""The two databases a history lives in, behind one small face: SQLite for a file, PostgreSQL for a URL.

Statements are written once, with `?` for a parameter and the types of SQLite; PostgreSQL's own are put in here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from twin.errors import TwinError

Row = tuple[Any, ...]
WRITER = 0x48455457494E
"""Number of the lock that the one writer of a PostgreSQL database holds."""
URLS = ("postgresql://", "postgres://")


class HistoryError(TwinError):
    """A history cannot be used."""


class Database(Protocol):
    """A connection of one thread at a time; a transaction is open from the first statement to `commit`."""

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query."""

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row."""

    def define(self, statements: str) -> None:
        """Make tables that are not there yet."""

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
        try:
            self._file = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
            self._file.execute("PRAGMA page_size=32768")  # of a new file; segments are some 3 KB
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute("PRAGMA cache_size=-8192")
        except sqlite3.OperationalError as problem:
            raise HistoryError(f"{path} cannot be opened: {problem}.") from None
        except sqlite3.DatabaseError:
            raise HistoryError(f"{path} is not a history of hetwin.") from None
        self._path = path

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._file.execute(statement, parameters).fetchall()
        except sqlite3.DatabaseError as problem:
            raise HistoryError(f"{self._path} is not a history of hetwin, or damaged: {problem}.") from None

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        self._file.execute(statement, parameters)

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._file.executemany(statement, rows)

    def define(self, statements: str) -> None:
        self._file.executescript(statements)

    def claim(self) -> bool:
        return True  # of files on one machine, whoever opens them takes care

    def freeze(self) -> None:
        self._file.execute("BEGIN")

    def commit(self) -> None:
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
        try:
            self._link = psycopg.connect(url, connect_timeout=10)
        except psycopg.Error as problem:
            reason = str(problem).strip().splitlines()[-1]
            raise HistoryError(f"The history {shown(url)} cannot be opened: {reason}.") from None

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._link.execute(_percent(statement), parameters, binary=True).fetchall()
        except self._error as problem:
            raise HistoryError(f"The database holds no history of hetwin, or is gone: {problem}.") from None

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        self._link.execute(_percent(statement), parameters)

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._link.cursor() as cursor:
            cursor.executemany(_percent(statement), rows)

    def define(self, statements: str) -> None:
        for ours, theirs in self.TYPES:
            statements = statements.replace(ours, theirs)
        self._link.execute(statements)

    def claim(self) -> bool:
        return bool(self.rows("SELECT pg_try_advisory_lock(?)", (WRITER,))[0][0])

    def freeze(self) -> None:
        self._link.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
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
