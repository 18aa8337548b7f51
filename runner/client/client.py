"""A service as a caller: paths of its API, JSON there and back, refusals as exceptions."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from runner.client.connection import Answer, Request, send
from runner.client.failures import LostError, NotThereError, RefusedError, ServiceError, WrongRequestError
from runner.logs.sanitizing import harmless

if TYPE_CHECKING:
    from runner.client.address import Address
    from runner.secret import Secret

T = TypeVar("T")
Query = Mapping[str, str | int | None]

BASE = "/api/v1"
LARGEST = 256 * 1024**2
"""Bytes of an answer that is read as a whole; a list has its own limit."""


@dataclass(frozen=True, slots=True)
class Client:
    """All methods raise LostError where no answer comes, RefusedError where the caller may not do that,
    WrongRequestError where the request makes no sense, ServiceError for the rest."""

    address: Address
    token: Secret | None = None

    def get(self, path: str, read: Callable[[Any], T], **query: str | int | None) -> T:
        """What `read` makes of the JSON answer. `path` is below the API's base; queries that are None are left out."""
        return self._understood(self._call("GET", BASE + _with_query(path, query)), read)

    def post(self, path: str, read: Callable[[Any], T], body: object = None) -> T:
        return self._understood(self._call("POST", BASE + path, body), read)

    def delete(self, path: str, read: Callable[[Any], T], **query: str | int | None) -> T:
        return self._understood(self._call("DELETE", BASE + _with_query(path, query)), read)

    def content(self, path: str, /, **query: str | int | None) -> bytes:
        """An answer that is no JSON but a file."""
        with self.stream(path, **query) as answer:
            return answer.read(LARGEST)

    @contextlib.contextmanager
    def stream(self, path: str, /, **query: str | int | None) -> Iterator[Answer]:
        """An answer that is read while it comes."""
        request = Request(method="GET", path=BASE + _with_query(path, query), stream=True)
        answer = send(self.address, self._headers(None), request)
        try:
            if answer.status != 200:
                self._refuse(answer)
            if not answer.is_whole_head:
                raise LostError(f"the connection to {self.address.text} broke off")
            yield answer
        finally:
            answer.close()

    def health(self) -> tuple[int, Any]:
        """`/healthz` with its status: a service that is not well answers as well."""
        answer = send(self.address, self._headers(None), Request(method="GET", path="/healthz"))
        with contextlib.closing(answer):
            return answer.status, self._json(answer.read(LARGEST))

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        answer = send(self.address, self._headers(data), Request(method=method, path=path, body=data))
        with contextlib.closing(answer):
            if not 200 <= answer.status < 300:
                self._refuse(answer)
            text = answer.read(LARGEST)
        return self._json(text) if text else None

    def _headers(self, body: bytes | None) -> Mapping[str, str]:
        headers = {"Accept": "application/json", "Connection": "close", "User-Agent": "shippable-runner"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.token is not None and self.address.socket is None:
            headers["Authorization"] = f"Bearer {self.token.reveal()}"
        return headers

    def _json(self, text: bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._strange() from error

    def _understood(self, answer: Any, read: Callable[[Any], T]) -> T:
        try:
            return read(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._strange() from error

    def _strange(self) -> ServiceError:
        from importlib.metadata import version

        return ServiceError(
            f"{self.address.text} answers what this runner ({version('shippable-runner')}) does not understand: its "
            "service is of another version, or it is no service of this kind"
        )

    def _refuse(self, answer: Answer) -> None:
        """Raises what the status says, with the service's own sentence where it gives one."""
        where = self.address.text
        said = _sentence(answer.read(LARGEST))
        match answer.status:
            case 401 if self.token is None:
                raise RefusedError(
                    f"{where} wants a token: set RUNNER_TOKEN ('runner token add NAME' on its host makes one)"
                )
            case 401:
                raise RefusedError(f"{where} does not take this token: it is unknown, has expired or was revoked")
            case 403:
                raise RefusedError(f"{where} does not let you do that: {said or 'forbidden'}")
            case 404 | 405 if said is None:
                raise self._strange()
            case 404:
                raise NotThereError(said or f"there is nothing like that at {where}")
            case 400 | 405 | 409 | 413 | 422:
                raise WrongRequestError(said or f"{where} does not take this request (status {answer.status})")
            case 429 | 502 | 503 | 504:
                raise LostError(f"{where} cannot answer now: {said or f'status {answer.status}'}")
            case 301 | 302 | 303 | 307 | 308:
                raise ServiceError(f"{where} is elsewhere: --host {harmless(answer.header('Location'), colours=False)}")
            case _:
                raise ServiceError(f"{where} has failed: {said or f'status {answer.status}'}")


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def _with_query(path: str, query: Query) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _sentence(body: bytes) -> str | None:
    """The message of the service's error document; None where the answer is none."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return None
    return harmless(message, colours=False) if isinstance(message, str) else None
