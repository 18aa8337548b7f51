"""The author of a commit, as several providers send one."""

from __future__ import annotations

from msgspec import Struct

from runner.triggers.git_events import Person


class Author(Struct):
    name: str | None = ""
    email: str | None = ""
    username: str | None = ""

    def person(self) -> Person:
        return Person(login=self.username or "", email=self.email or "", display_name=self.name or "")
