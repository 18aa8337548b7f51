"""The encrypted texts that a job gets, and whose they are; and opening those that the keys here can open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runner.integrations.model import Integration, Written
from runner.pipeline.model import Job, Resource
from runner.pipeline.sealed import PARAMS, Secure
from runner.sealing.keyring import Keyring, SealedError
from runner.secret import Secret
from runner.workspace.parameters import sealed_texts
from runner.workspace.versions import Version


def secure_of(job: Job) -> Iterator[tuple[Secure, str]]:
    """Those in the `env` of its TASKs."""
    for task in job.tasks:
        yield from ((part, f"'{task.name}' of '{job.name}'") for part in task.env if isinstance(part, Secure))


def secure_params(resource: Resource, version: Version | None) -> Iterator[tuple[Secure, str]]:
    """Those that a version of params holds; one that stands in no file any more is where its resource is."""
    if resource.type != PARAMS or version is None:
        return
    written = {secure.text: secure for secure in resource.secure}
    for text in sealed_texts(version.property_bag):
        if text in written:
            yield written[text], f"params '{resource.name}'"
        else:
            yield Secure(text, resource.place), f"params '{resource.name}', version {version.number}"


@dataclass(slots=True)
class Opening:
    """Opens for people who look: what cannot be opened stands for nothing, and `refused` says why. Without a keyring
    nothing is opened, and nothing said."""

    keyring: Keyring | None
    refused: list[str] = field(default_factory=list)

    def open(self, secure: Secure, subject: str) -> Mapping[str, Secret]:
        if self.keyring is None:
            return {}
        try:
            return self.keyring.open(secure, subject)
        except SealedError as error:
            if str(error) not in self.refused:
                self.refused.append(str(error))
            return {}

    def of_tasks(self, job: Job) -> Mapping[str, Mapping[str, Secret]]:
        return {secure.text: self.open(secure, subject) for secure, subject in secure_of(job)}

    def of_params(self, resource: Resource, version: Version | None) -> Mapping[str, Secret]:
        opened: dict[str, Secret] = {}
        for secure, subject in secure_params(resource, version):
            opened |= self.open(secure, subject)
        return opened

    def of_pairs(self, integration: Integration, pairs: Mapping[str, Written]) -> Mapping[str, Written]:
        """Pairs with those that were encrypted in their place."""
        opened: dict[str, Written] = {}
        for name, value in pairs.items():
            if isinstance(value, Secure):
                opened |= self.open(value, f"integration '{integration.name}'")
            else:
                opened[name] = value
        return opened
