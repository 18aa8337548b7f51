"""A pipeline in a few words, so that a test can say what a file means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from runner.pipeline.model import Hook, In, Job, Out, Resource, Step, Task
from runner.pipeline.plain import json_line, plain
from runner.pipeline.sealed import Secure
from runner.service.project import read_project
from tests.cli.remote_service import Command


def write(files: str) -> None:
    """Texts under the names that stand in front of them: `==== name`; a text without a name is shippable.yml."""
    name, lines = "shippable.yml", list[str]()
    found = {name: lines}
    for line in dedent(files).splitlines(keepends=True):
        if line.startswith("==== "):
            name = line.removeprefix("==== ").strip()
            lines = found.setdefault(name, [])
        else:
            lines.append(line)
    for path, text in found.items():
        if text or path != "shippable.yml":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text("".join(text))


def codes_of(runner: Command) -> tuple[int, list[str]]:
    """How `runner validate` ends, and the codes of what it says, each once."""
    said = runner("validate", "--json", "--no-shell")
    assert "Traceback" not in said.err
    return said.code, sorted({event["code"] for event in said.events})


def told() -> list[str]:
    """Every resource, then every job, in a line."""
    pipeline = read_project((Path(),), None).pipeline
    return [*map(_resource, pipeline.resources.values()), *map(_job, pipeline.jobs.values())]


def _resource(resource: Resource) -> str:
    parts = [f"{resource.name}: {resource.type}"]
    parts += [f"by {resource.integration.name}"] if resource.integration else []
    parts += [resource.version_name] if resource.version_name else []
    parts += [json_line(plain(resource.property_bag))] if resource.property_bag else []
    return " ".join(parts)


def _job(job: Job) -> str:
    parts = [f"{job.name}: {job.type}", *(_step(step) for step in job.steps)]
    parts += [f"flags {', '.join(job.flags)}"] if job.flags else []
    parts += [f"with {', '.join(named.name for named in job.integrations)}"] if job.integrations else []
    for name in ("on_start", "on_success", "on_failure", "on_cancel", "always"):
        parts += [f"{name} {words}" for words in _hook(getattr(job.hooks, name))]
    return " | ".join(parts)


def _step(step: Step) -> str:
    match step:
        case In():
            return f"IN {step.name}{'' if step.switch else ' off'}"
        case Out():
            return f"OUT {step.name}"
        case Task():
            env = "".join(f" {part}" if isinstance(part, Secure) else f" {part[0]}={part[1]}" for part in step.env)
            image = f" in {step.image}" if step.image else ""
            return f"TASK {'; '.join(item.text.strip() for item in step.script)}{env}{image}"
        case _:
            return "TASK managed"


def _hook(hook: Hook) -> Iterator[str]:
    if hook.script:
        yield "; ".join(item.text for item in hook.script)
    if hook.notify:
        yield "NOTIFY " + ", ".join(named.name for named in hook.notify)
