"""A proxy before a service that loses connections: each log stream is cut after some bytes, wherever that is."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class BreakingProxy:
    """`after` are the bytes of the answers after which the streams break, one after another; then none does."""

    directory: Path
    after: list[int]
    broken: int = 0
    _listening: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))

    @property
    def url(self) -> str:
        return f"unix://{self.directory}/proxy.sock"

    def listen(self) -> None:
        self._listening.bind(f"{self.directory}/proxy.sock")
        self._listening.listen()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Nobody is let in any more; twice is the same as once."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        Path(f"{self.directory}/proxy.sock").unlink(missing_ok=True)

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as service, contextlib.suppress(OSError):
            service.connect(f"{self.directory}/api.sock")
            request = client.recv(65536)  # the head of a GET comes in one piece
            service.sendall(request)
            left = self.after.pop(0) if b"/log?" in request and self.after else None
            while data := service.recv(65536 if left is None else max(1, min(65536, left))):
                client.sendall(data)
                if left is not None:
                    left -= len(data)
                    if left <= 0:
                        self.broken += 1
                        return


@contextlib.contextmanager
def breaking(directory: Path, after: list[int]) -> Iterator[BreakingProxy]:
    proxy = BreakingProxy(directory, after)
    proxy.listen()
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
