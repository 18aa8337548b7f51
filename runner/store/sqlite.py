"""The SQLite driver: one connection on one thread, WAL, every write durable before it is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from runner.errors import StoreError
from runner.store.queries import migrations, statements

T = TypeVar("T")
WRITING = "BEGIN IMMEDIATE"
BUSY_TIMEOUT_S = 30.0
SLOW_S = 5.0
"""How long one piece of work may take before it is trouble."""
FREE_SHARE = 0.1
PAGES_AT_ONCE = 128
"""Given back to the disk in one transaction, which takes a few milliseconds."""


class Transaction:
    """Named statements inside one transaction; a row is a sqlite3.Row."""

    def __init__(self, connection: sqlite3.Connection, sql: Callable[[str], str]) -> None:
        self._connection = connection
        self._sql = sql
        self._afterwards: list[Callable[[], None]] = []

    def change(self, statement: str, /, **values: object) -> int:
        """Run a statement that changes something; gives the number of rows it changed."""
        return self._connection.execute(self._sql(statement), values).rowcount

    def insert(self, statement: str, /, **values: object) -> int:
        """Run an insert; gives the id of the new row."""
        row = self._connection.execute(self._sql(statement), values).lastrowid
        if row is None:
            raise StoreError(f"the statement {statement} inserted nothing")
        return row

    def row(self, statement: str, /, **values: object) -> Any:
        """The first row, or None."""
        return self._connection.execute(self._sql(statement), values).fetchone()

    def rows(self, statement: str, /, **values: object) -> list[Any]:
        return self._connection.execute(self._sql(statement), values).fetchall()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this on the store's thread once everything is durable, one time however often it was asked for, never
        where it was rolled back. It must neither raise nor take long."""
        if call not in self._afterwards:
            self._afterwards.append(call)

    def committed(self) -> None:
        """Of the driver alone: the transaction is durable."""
        for call in self._afterwards:
            call()


class SQLite:
    """Runs functions of a Transaction, one after another, off the event loop."""

    def __init__(self, path: Path | None) -> None:
        """`path` None: the store is in memory, empty, and gone when it is closed."""
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._sql = statements()
        self._connection: sqlite3.Connection | None = None
        self._begun: float | None = None
        self._failed: str | None = None
        self.failures = 0
        """How often the file could not be used."""

    @property
    def trouble(self) -> str | None:
        """What is wrong with the file now, in a sentence: the last thing that should have been written was not, or
        what is being done takes long. Told without touching it."""
        begun, failed = self._begun, self._failed
        if begun is not None and (waited := time.monotonic() - begun) > SLOW_S:
            return f"the store {self._path} has not answered for {waited:.0f} s"
        return failed

    async def open(self, *, migrate: bool = True) -> None:
        """Open the file and bring it to the newest schema; `migrate` False: leave it as it is, where others own it.
        Raises StoreError with the sentence to read."""
        await self._call(lambda: self._open(migrate=migrate))

    async def close(self) -> None:
        await self._call(self._close)
        self._thread.shutdown()

    async def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Everything `work` does is there or nothing of it. Raises StoreError when the file cannot be used."""
        return await self._call(lambda: self._work(work, WRITING))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """The same for work that changes nothing: it sees one moment of the store and holds up no writer."""
        return await self._call(lambda: self._work(work, "BEGIN"))

    async def rehearse(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives; nothing of what it does stays. Raises StoreError."""
        return await self._call(lambda: self._work(work, WRITING, "ROLLBACK"))

    async def shrink(self) -> bool:
        """Give some free pages back to the disk; whether to go on. A tenth of the file stays free for what comes. The
        file of a version that did not prepare for it keeps its size: all its free pages are used again. Raises
        StoreError."""
        return await self._call(self._shrink)

    async def _call(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _work(self, work: Callable[[Transaction], T], begin: str, end: str = "COMMIT") -> T:
        assert self._connection is not None, "the store is not open"  # noqa: S101
        tx = Transaction(self._connection, self._sql.__getitem__)
        self._begun = time.monotonic()
        try:
            with self._sentences(), self._within(self._connection, begin, end):
                result = work(tx)
        finally:
            self._begun = None
        if begin == WRITING:
            self._failed = None
        if end == "COMMIT":
            tx.committed()
        return result

    def _shrink(self) -> bool:
        assert self._connection is not None, "the store is not open"  # noqa: S101
        with self._sentences():
            free = self._pragma("freelist_count")
            if free <= self._pragma("page_count") * FREE_SHARE:
                return False
            # execute() would stop after the first page: each is a row without columns
            self._connection.executescript(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE});")
            return self._pragma("freelist_count") < free

    def _pragma(self, name: str) -> int:
        assert self._connection is not None, "the store is not open"  # noqa: S101
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _open(self, *, migrate: bool) -> None:
        with self._sentences():
            if self._path is not None:
                self._keep_private(self._path)
            self._connection = sqlite3.connect(self._path or ":memory:", timeout=BUSY_TIMEOUT_S, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.executescript(
                "PRAGMA auto_vacuum = INCREMENTAL;"  # counts for a new file alone: what is removed can make it smaller
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
            )
            steps = list(migrations())
            if migrate:
                self._migrate(self._connection, steps)
            self._check_version(steps[-1][0])

    def _keep_private(self, path: Path) -> None:
        """The files beside it get the modes of this one."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.fchmod(descriptor, 0o600)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(f"the store {path} cannot be used: {error.strerror}") from error

    def _migrate(self, connection: sqlite3.Connection, steps: Iterable[tuple[int, str]]) -> None:
        for number, text in steps:
            with self._within(connection, "BEGIN IMMEDIATE"):
                if connection.execute("PRAGMA user_version").fetchone()[0] < number:
                    for statement in _statements(text):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {number}")

    def _check_version(self, newest: int) -> None:
        version = self._pragma("user_version")
        if version > newest:
            raise StoreError(f"{self._path} was written by a newer version of shippable-runner: upgrade this one")
        if version < newest:
            raise StoreError(
                f"{self._path} was written by an older version of shippable-runner: whoever it belongs to brings it up "
                "to date when it is started with this one"
            )

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _within(self, connection: sqlite3.Connection, begin: str, end: str = "COMMIT") -> Iterator[sqlite3.Connection]:
        connection.execute(begin)
        try:
            yield connection
            connection.execute(end)
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError):
            raise  # a bug of ours, which no second attempt mends
        except sqlite3.DatabaseError as error:
            self.failures += 1
            self._failed = f"the store {self._path} cannot be used: {error}"
            raise StoreError(self._failed) from error


def _statements(text: str) -> Iterator[str]:
    """The statements of a file, one after another."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
