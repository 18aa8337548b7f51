"""`shipctl aws-credentials NAME`: what `credential_process` of a build's AWS profiles calls.

Asks the runner's endpoint with the token of that integration, over a plain socket: this starts with every SDK and
every `aws` command that uses a profile.
"""

from __future__ import annotations

import json
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_LIMIT = 5.0
_ASCII = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class NoCredentials(Exception):  # noqa: N818 - a sentence for the user, not a fault of the program
    """Why there are none; the text is the sentence for standard error (exit 1)."""


def token_variable(integration: str) -> str:
    """The variable that holds the token of an integration. Two names never share one: what is no letter or digit
    becomes `_` and its bytes in hex (`deploy-role` → `SHIPPABLE_AWS_TOKEN_deploy_2Drole`)."""
    encoded = "".join(c if c in _ASCII else "".join(f"_{b:02X}" for b in c.encode()) for c in integration)
    return f"SHIPPABLE_AWS_TOKEN_{encoded}"


def fetch(environ: Mapping[str, str], name: str) -> str:
    """The document that `credential_process` prints, for the integration `name`. Raises NoCredentials."""
    given = given_credentials(environ, name)
    process = {
        "Version": 1,
        "AccessKeyId": given["AccessKeyId"],
        "SecretAccessKey": given["SecretAccessKey"],
        "SessionToken": given["Token"],
        "Expiration": given["Expiration"],
        "AccountId": given["AccountId"],
    }
    return json.dumps(process)


def given_credentials(environ: Mapping[str, str], name: str) -> dict[str, str]:
    """What the endpoint answers for the integration `name`. Raises NoCredentials."""
    token = environ.get(token_variable(name))
    if token is None:
        raise NoCredentials(f"this job has no AWS IAM integration named '{name}'")
    return ask(environ, token)


def ask(environ: Mapping[str, str], token: str) -> dict[str, str]:
    """What the endpoint answers to a token. Raises NoCredentials."""
    host, port, path = _address(environ.get(URI, ""))
    request = (
        f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nAuthorization: {token}\r\nAccept: application/json\r\n\r\n"
    )
    try:
        answer = _exchange(host, port, request.encode())
    except OSError as error:
        raise NoCredentials(f"the runner at {host}:{port} does not answer: {error.strerror or error}") from None
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    try:
        document = json.loads(body)
    except ValueError:
        raise NoCredentials(f"the runner at {host}:{port} gave no answer that can be read") from None
    if status != [b"200"]:
        raise NoCredentials(document.get("message", "the runner refused"))
    return dict(document)


def _address(uri: str) -> tuple[str, int, str]:
    rest = uri.removeprefix("http://")
    address, slash, path = rest.partition("/")
    host, _, port = address.partition(":")
    if rest == uri or not slash or not port.isdecimal():
        raise NoCredentials(f"{URI} is not set as the runner sets it for a job with an AWS IAM integration")
    return host, int(port), f"/{path}"


def _exchange(host: str, port: int, request: bytes) -> bytes:
    with socket.create_connection((host, port), timeout=_LIMIT) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
