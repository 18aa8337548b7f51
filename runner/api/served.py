"""What the API is the face of: the parts of a service that it needs."""

from __future__ import annotations

import asyncio
from typing import Protocol

from runner.service.building import Building
from runner.service.decisions import Decisions
from runner.service.deliveries import Deliveries
from runner.service.engines import Engines
from runner.service.metrics import Metrics
from runner.service.orders import Orders
from runner.service.pipelines import Pipelines
from runner.service.polling import Polling
from runner.service.questions import Questions
from runner.service.settings import Settings
from runner.service.tokens import Tokens
from runner.store.store import Store


class Served(Protocol):
    @property
    def settings(self) -> Settings:
        """Those in force now."""

    @property
    def store(self) -> Store: ...

    @property
    def decisions(self) -> Decisions: ...

    @property
    def engines(self) -> Engines: ...

    @property
    def questions(self) -> Questions: ...

    @property
    def orders(self) -> Orders: ...

    @property
    def pipelines(self) -> Pipelines: ...

    @property
    def deliveries(self) -> Deliveries: ...

    @property
    def polling(self) -> Polling: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def tokens(self) -> Tokens: ...

    @property
    def building(self) -> Building: ...

    @property
    def stopping(self) -> asyncio.Event: ...
