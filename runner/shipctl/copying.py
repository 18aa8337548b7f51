"""`cp -vr SOURCE TARGET` without a process: the same lines and the same messages, permission bits kept.

Two differences: a link named as the source is followed, since saved state holds no links; and a file that is
overwritten takes the permission bits of the new one.
"""

from __future__ import annotations

import os
import stat

from runner.shipctl.console import complain, say

BLOCK = 1 << 20
"""Bytes copied at once."""


def copy(source: str, target: str) -> int:
    """Copy a file or a directory into `target` if that is a directory, else to that name. Exit status 0 or 1."""
    try:
        status = os.stat(source)
    except OSError as error:
        complain(f"cp: cannot stat {quoted(source)}: {error.strerror}")
        return 1
    if os.path.isdir(target):
        name = os.path.basename(source.rstrip("/"))
        target = os.path.join(target, "" if name == ".." else name)
    return 0 if _Copy(source, target).run(status) else 1


class _Copy:
    """One call: goes on after a failure, so that one unreadable file does not cost the others."""

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        self.own: os.stat_result | None = None
        """The directory that the call fills, which may lie in the one it reads."""

    def run(self, status: os.stat_result) -> bool:
        return self._entry(self.source, self.target, status)

    def _entry(self, source: str, target: str, status: os.stat_result) -> bool:
        if stat.S_ISDIR(status.st_mode):
            return self._directory(source, target, status)
        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            return self._leaf(source, target, status)
        return _failed(f"{quoted(source)} is neither a file nor a directory and was not copied")

    def _directory(self, source: str, target: str, status: os.stat_result) -> bool:
        if self.own is not None and os.path.samestat(status, self.own):
            return _failed(f"cannot copy a directory, {quoted(self.source)}, into itself, {quoted(self.target)}")
        try:
            existed = os.path.isdir(target)
            if not existed:
                os.mkdir(target, status.st_mode & 0o777 | 0o700)
                say(f"{quoted(source)} -> {quoted(target)}")
            self.own = self.own or os.stat(target)
            names = sorted(os.listdir(source))
        except OSError as error:
            return _failed(f"cannot copy directory {quoted(source)} to {quoted(target)}: {error.strerror}")
        done = [self._entry(path, os.path.join(target, n), os.lstat(path)) for n, path in _below(source, names)]
        if not existed:
            os.chmod(target, status.st_mode & 0o777)
        return all(done)

    def _leaf(self, source: str, target: str, status: os.stat_result) -> bool:
        if os.path.exists(target) and os.path.samefile(source, target):
            return _failed(f"{quoted(source)} and {quoted(target)} are the same file")
        if os.path.isdir(target):
            return _failed(f"cannot overwrite directory {quoted(target)} with non-directory")
        say(f"{quoted(source)} -> {quoted(target)}")
        try:
            if stat.S_ISLNK(status.st_mode):
                _link(source, target)
            else:
                _content(source, target, status.st_mode & 0o777)
        except OSError as error:
            return _failed(f"cannot copy {quoted(source)} to {quoted(target)}: {error.strerror}")
        return True


def _below(source: str, names: list[str]) -> list[tuple[str, str]]:
    return [(name, os.path.join(source, name)) for name in names]


def _link(source: str, target: str) -> None:
    if os.path.lexists(target):
        os.unlink(target)
    os.symlink(os.readlink(source), target)


def _content(source: str, target: str, mode: int) -> None:
    with open(source, "rb", buffering=0) as reader:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with open(descriptor, "wb", buffering=0) as writer:
            os.fchmod(descriptor, mode)
            while os.sendfile(descriptor, reader.fileno(), None, BLOCK):
                pass
            writer.flush()


def _failed(reason: str) -> bool:
    complain(f"cp: {reason}")
    return False


def quoted(path: str) -> str:
    """The path as cp prints it, fit to be pasted into a shell."""
    if "'" not in path:
        inner = path
    elif not any(c in '"$`\\\n\t\r' for c in path):
        return f'"{path}"'
    else:
        inner = path.replace("'", "'\\''")
    for control, name in (("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        inner = inner.replace(control, f"'$'{name}''")
    return f"'{inner}'"
