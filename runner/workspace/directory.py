"""The build directory: what a script finds on disk when it starts, with the modes it had on the platform."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from runner.integrations.flatten import integration_env, integration_json
from runner.integrations.git_access import ssh_key
from runner.integrations.key_files import MODE, key_contents
from runner.integrations.model import ResolvedIntegration
from runner.job_user import JobUser
from runner.pipeline.model import In, Job
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.documents import message_document, version_document
from runner.workspace.parameters import params_file, secure_document, secure_path
from runner.workspace.repository import is_clone, key_path
from runner.workspace.saved_files import restore
from runner.workspace.versions import SavedFile

TOP = ("IN", "OUT", "state", "shared", "scripts", "secrets", "previousState")


class BuildDirectory:
    """One build's directory. Directories have mode 755, files 644 where nothing else is said; its parent keeps other
    users out."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> None:
        """Create the empty tree. Raises FileExistsError if something is there already."""
        self._directory(self.root)
        for name in TOP:
            self._directory(self.root / name)
        self.write("scripts/integration_envs.env", "")

    def fill(self, job: Job, identity: Identity, dependencies: Sequence[Dependency]) -> None:
        """Write what belongs to each IN and OUT, the empty state files and message.json."""
        for dependency in dependencies:
            self._add(dependency)
        for name in (*(dependency.name for dependency in dependencies), job.name):
            self.write(f"state/{name}.env", "")
        self.write("message.json", message_document(job, identity, dependencies))

    def add_integrations(self, integrations: Iterable[ResolvedIntegration]) -> None:
        """`integrations/<name>/` of the job's own list."""
        for integration in integrations:
            self._directory(self.root / "integrations" / integration.name)
            self._integration(f"integrations/{integration.name}", integration.name, integration)

    def restore_previous_state(self, files: Iterable[SavedFile]) -> None:
        restore(self.root / "previousState", files)

    def give_to(self, user: JobUser) -> None:
        """Make all of it this user's, as the last thing: whoever writes in here afterwards writes into a directory
        that somebody else controls. Raises OSError."""
        for parent, _, names in os.walk(self.root):
            os.chown(parent, user.uid, user.gid)
            for name in names:
                os.chown(os.path.join(parent, name), user.uid, user.gid, follow_symlinks=False)
        self.root.chmod(0o700)

    def write(self, relative: str, text: str, mode: int = 0o644) -> Path:
        """Write one file below the root, which must not be there yet or is replaced; gives its path."""
        path = self.root / relative
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        return path

    def write_private(self, relative: str, text: str) -> Path:
        """The same with mode 600, in directories of mode 700 that are made where they are missing."""
        missing = [self.root / relative]
        while not (parent := missing[-1].parent).is_dir():
            missing.append(parent)
        for directory in reversed(missing[1:]):
            directory.mkdir(mode=0o700)
        return self.write(relative, text, 0o600)

    def _add(self, dependency: Dependency) -> None:
        base = f"{dependency.operation}/{dependency.name}"
        self._directory(self.root / base)
        self.write(f"{base}/version.json", version_document(dependency))
        if dependency.type != "params":
            self._directory(self.root / base / dependency.type)
            restore(self.root / base / dependency.type, dependency.files)
        elif isinstance(dependency.step, In):
            self.write(f"{base}/params", params_file(dependency))
            if secure := secure_document(dependency):
                self.write(secure_path(dependency.name), secure, MODE)
        if dependency.integration is not None:
            self._integration(base, dependency.name, dependency.integration)
            if is_clone(dependency) and (key := ssh_key(dependency.integration)) is not None:
                self.write(key_path(dependency.name), key.reveal(), MODE)

    def _integration(self, base: str, name: str, integration: ResolvedIntegration) -> None:
        """`name` is that of the resource or integration whose directory `base` is."""
        self.write(f"{base}/integration.json", integration_json(integration))
        self.write(f"{base}/integration.env", integration_env(integration))
        for file, text in key_contents(integration):
            self.write(f"{base}/{name}{file.suffix}", text, MODE)

    def _directory(self, path: Path) -> None:
        path.mkdir(mode=0o755, parents=True)
        path.chmod(0o755)
