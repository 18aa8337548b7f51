"""What a service makes of its settings, at its start and when it takes over new ones."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from runner.external.cache import Cache
from runner.external.finding import fetch
from runner.external.resolving import Library
from runner.service.git import Git, Remote
from runner.service.keeping import Keep
from runner.service.pipeline_files import DirectoryFiles, GitFiles
from runner.service.pipelines import PipelineFiles
from runner.service.settings import PipelineSource, Settings


def pipeline_files(settings: Settings) -> dict[str, PipelineFiles]:
    """Where the files of each pipeline come from."""
    return {name: _files(name, source, settings) for name, source in settings.pipelines.items()}


def keep(settings: Settings) -> Keep:
    limits = settings.retention
    return Keep(age=limits.age, builds=limits.builds, size=limits.size)


def intervals(settings: Settings) -> dict[str, timedelta]:
    return {name: source.poll for name, source in settings.pipelines.items()}


def _files(name: str, source: PipelineSource, settings: Settings) -> PipelineFiles:
    if source.git is None:
        return DirectoryFiles(source.path or Path(), _library(name, settings))
    return GitFiles(
        name=name,
        git=Git(environment=os.environ),
        directory=settings.state_dir / "repositories" / name,
        remote=Remote.of(source.git),
        library=_library(name, settings),
        branch=source.branch,
    )


def _library(name: str, settings: Settings) -> Library:
    """What the templates of a pipeline refer to is kept with the state, and so are the pins that no repository has."""
    directory = settings.state_dir / "references"
    return Library(
        cache=Cache(directory / "texts"),
        download=fetch,
        own=directory / f"{name}.lock",
        accept=f"'runner sync --update-references {name}'",
    )
