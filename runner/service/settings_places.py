"""Where the service's files are: systemd's directories, root's, or those of a user."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

NAME = "shippable-runner"
CONFIG = "RUNNER_CONFIG"
"""The variable that names the settings file."""
KEYS = "keys"
"""The directory of private keys beside the settings."""
KEYS_VARIABLE = "RUNNER_SECRETS__KEYS"
"""The variable that names another one, for a service and for everybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directories of settings, of state, and of sockets."""

    config: Path
    state: Path
    runtime: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """systemd's `CONFIGURATION_DIRECTORY`, `STATE_DIRECTORY` and `RUNTIME_DIRECTORY` come first (systemd.exec(5)),
        then those of the system for root, of the XDG Base Directory Specification for everybody else."""
        if os.geteuid() == 0:
            usual = cls(config=Path("/etc") / NAME, state=Path("/var/lib") / NAME, runtime=Path("/run") / NAME)
        else:
            home = Path(environ.get("HOME") or os.path.expanduser("~"))
            state = Path(environ.get("XDG_STATE_HOME") or home / ".local/state") / NAME
            usual = cls(
                config=Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / NAME,
                state=state,
                runtime=Path(environ["XDG_RUNTIME_DIR"]) / NAME if environ.get("XDG_RUNTIME_DIR") else state,
            )
        return cls(
            config=_first(environ, "CONFIGURATION_DIRECTORY") or usual.config,
            state=_first(environ, "STATE_DIRECTORY") or usual.state,
            runtime=_first(environ, "RUNTIME_DIRECTORY") or usual.runtime,
        )

    @property
    def file(self) -> Path:
        return self.config / "runner.toml"

    def defaults(self, beside: Path) -> dict[tuple[str, ...], object]:
        """The values that depend on the place; `beside` is the directory of the settings file."""
        integrations = beside / "integrations.yml"
        return {
            ("state_dir",): self.state,
            ("integrations",): integrations if os.path.exists(integrations) else None,
            ("server", "socket"): self.runtime / "api.sock",
            ("hooks", "directory"): beside / "hooks.d",
            ("secrets", "keys"): beside / KEYS,
            ("pools", "default"): 4,
        }


def keys_directory(environ: Mapping[str, str]) -> Path:
    """Where the private keys are of who runs pipelines by hand: beside the settings, as those of a service are."""
    named = environ.get(KEYS_VARIABLE)
    return Path(named).absolute() if named else Places.of(environ).config / KEYS


def _first(environ: Mapping[str, str], variable: str) -> Path | None:
    directory = environ.get(variable, "").partition(":")[0]
    return Path(directory) if directory else None
