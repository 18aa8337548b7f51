"""An AWS of one's own, in memory: the moto server on a free port of 127.0.0.1, with the roles that are needed."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from runner.aws.sts import Keys
from runner.errors import UsageError
from runner.integrations.role_arn import RoleArn
from runner.secret import Secret

ACCOUNT = "111111111111"
USER = "shippable-runner"
_MISSING = (
    "the AWS sandbox needs the moto server, which is not installed: add the extra with "
    "python -m pip install 'shippable-runner[sandbox]'"
)


class Sandbox:
    """Open it with `async with`. What runs in it forgets everything when it is closed; one at a time in a process.
    `port` is where it is wanted, for builds that know it already; 0: anywhere."""

    def __init__(self, roles: Iterable[RoleArn], port: int = 0) -> None:
        self.port = port
        self._roles = tuple(dict.fromkeys(roles))
        self._server: Any = None  # moto and werkzeug are an extra: their types are not always there
        self._thread: threading.Thread | None = None
        self.endpoint_url = ""
        self.keys = Keys(access_key_id="", secret_access_key=Secret(""))

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._close)

    def _open(self) -> None:
        try:
            moto = importlib.import_module("moto.server")
            serving = importlib.import_module("werkzeug.serving")
        except ImportError as error:
            raise UsageError(_MISSING) from error
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.keys = _seed(self._roles)
        app = moto.DomainDispatcherApplication(moto.create_backend_app)
        self._server = serving.make_server(
            "127.0.0.1", self.port, app, threaded=True, request_handler=moto.MotoRequestHandler
        )
        host, self.port = self._server.server_address[:2]
        self.endpoint_url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="aws-sandbox", daemon=True
        )
        self._thread.start()

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join()
        importlib.import_module("moto.core.base_backend").BackendDict.reset()


def _seed(roles: tuple[RoleArn, ...]) -> Keys:
    """The runner's own user and every role in its own account, trusting that user."""
    backends = importlib.import_module("moto.iam.models").iam_backends
    own = backends[ACCOUNT]["aws"]
    if USER not in own.users:
        own.create_user("us-east-1", USER)
    key = own.create_access_key(USER)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{USER}"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    for role in roles:
        backend = backends[role.account][role.partition]
        if not any(known.name == role.name for known in backend.get_roles()):
            backend.create_role(role.name, document, role.path, None, "of the sandbox", [], "3600")
    return Keys(access_key_id=key.access_key_id, secret_access_key=Secret(key.secret_access_key))
