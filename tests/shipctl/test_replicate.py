"""`shipctl replicate`."""

from __future__ import annotations

import json

import pytest

from tests.shipctl.conftest import Answer, Inside, Job

USAGE = Answer(99, "Usage: shipctl replicate FROM_resource_name TO_resource_name\n")
HOSTILE = {"text": 'line\nbreak "$(touch pwned)" `x` \\ \x7f é', "-n": "-e", "count": 3, "exact": 12345678901234567890}


@pytest.fixture
def types(job: Job) -> dict[str, str]:
    """An IN and an OUT of each of a few types: `state-in`, `state-out`, …"""
    found = {}
    for kind in ("state", "params", "gitRepo", "syncRepo", "ciRepo", "runSh"):
        for operation in ("IN", "OUT"):
            name = f"{kind}-{operation.lower()}"
            bag = {"from": name, **HOSTILE} if operation == "IN" else {"old": 1}
            document = {"name": name, "version": {"versionName": name, "propertyBag": bag}}
            job.write(f"{operation}/{name}/version.json", document)
            found[f"{name.replace('-', '').upper()}_TYPE"] = kind
    return {**found, "DEPLOY_TYPE": "runSh"}


def _version(job: Job, path: str) -> dict[str, object]:
    document = json.loads((job.root / path).read_text())
    version: dict[str, object] = document.get("version", document)
    return version


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("state-in", "state-out"),
        ("params-in", "params-out"),
        ("gitRepo-in", "syncRepo-out"),
        ("ciRepo-in", "gitRepo-out"),
    ],
)
def test_the_version_of_an_input_is_given_to_an_output(
    job: Job, inside: Inside, types: dict[str, str], source: str, target: str
) -> None:
    assert inside("replicate", source, target, **types) == Answer(0, "")
    expected = {"versionName": target, "propertyBag": {"from": source, **HOSTILE}}
    assert _version(job, f"OUT/{target}/version.json") == expected


def test_files_take_the_place_of_those_of_the_output(job: Job, inside: Inside, types: dict[str, str]) -> None:
    job.write("IN/state-in/state/run.sh", "new", mode=0o755)
    job.write("IN/state-in/state/-rf *", "dash")
    job.write("IN/state-in/state/deep/er/.x", "kept below")
    job.write("IN/state-in/state/.hidden", "stays behind")
    job.write("OUT/state-out/state/old", "old")
    job.write("OUT/state-out/state/deep/old", "old")
    assert inside("replicate", "state-in", "state-out", **types) == Answer(0, "")
    place = job.root / "OUT/state-out/state"
    files = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
    assert files == ["-rf *", "deep/er/.x", "run.sh"]
    assert (place / "run.sh").stat().st_mode & 0o777 == 0o755


def test_an_input_without_files_leaves_those_of_the_output(job: Job, inside: Inside, types: dict[str, str]) -> None:
    old = job.write("OUT/state-out/state/old", "old")
    job.write("IN/state-in/state/.hidden", "no file that counts")
    assert inside("replicate", "state-in", "state-out", **types).status == 0
    assert old.read_text() == "old"


@pytest.mark.parametrize(("flag", "files", "data"), [("--files-only", True, False), ("--metadata-only", False, True)])
def test_a_flag_leaves_out_the_other_half(
    job: Job, inside: Inside, types: dict[str, str], flag: str, files: bool, data: bool
) -> None:
    job.write("IN/state-in/state/f", "new")
    assert inside("replicate", "state-in", "state-out", flag, **types) == Answer(0, "")
    assert (job.root / "OUT/state-out/state/f").exists() is files
    assert ("from" in str(_version(job, "OUT/state-out/version.json"))) is data


def test_repositories_keep_their_files(job: Job, inside: Inside, types: dict[str, str]) -> None:
    job.write("IN/gitRepo-in/gitRepo/f", "new")
    assert inside("replicate", "gitRepo-in", "gitRepo-out", **types).status == 0
    assert not (job.root / "OUT/gitRepo-out/gitRepo/f").exists()


def test_only_what_a_webhook_gave_is_copied(job: Job, inside: Inside, types: dict[str, str]) -> None:
    bag = {"shaData": {"commitSha": "c1"}, "webhookRequestBody": {"a": [1]}, "sourceName": "me/it"}
    job.write("IN/gitRepo-in/version.json", {"version": {"propertyBag": bag}})
    assert inside("replicate", "gitRepo-in", "gitRepo-out", "--webhook-data-only", **types) == Answer(0, "")
    del bag["sourceName"]
    assert _version(job, "OUT/gitRepo-out/version.json")["propertyBag"] == {"old": 1, **bag}


def test_an_unknown_flag_is_a_warning(job: Job, inside: Inside, types: dict[str, str]) -> None:
    answer = inside("replicate", "state-in", "state-out", "--fast", "--files-only", **types)
    assert answer == Answer(0, 'Warning: Unrecognized flag "--fast"\n')


def test_the_job_takes_a_version_and_files_and_keeps_the_values_it_wrote(
    job: Job, inside: Inside, types: dict[str, str]
) -> None:
    job.write("IN/runSh-in/runSh/f", "new")
    job.write("IN/runSh-in/runSh/img.env", "versionName=theirs")
    job.write("IN/runSh-in/runSh/more.env", "a=b")
    job.write("state/img.env", "versionName=ours")
    job.write("state/old", "old")
    assert inside("replicate", "runSh-in", "deploy", **types) == Answer(0, "")
    assert _version(job, "state/outputVersion.json") == {"propertyBag": {"from": "runSh-in", **HOSTILE}}
    found = {p.name: p.read_text() for p in (job.root / "state").iterdir() if p.name != "outputVersion.json"}
    assert found == {"f": "new", "img.env": "versionName=ours", "more.env": "a=b"}


@pytest.mark.parametrize("own", [None, {"versionName": "ours", "propertyBag": {"a": "1"}}])
@pytest.mark.parametrize("flags", [[], ["--files-only"]])
def test_the_job_takes_no_name_from_the_output_version_of_another_one(
    job: Job, inside: Inside, types: dict[str, str], own: dict[str, object] | None, flags: list[str]
) -> None:
    job.write("IN/runSh-in/runSh/f", "new")
    job.write("IN/runSh-in/runSh/outputVersion.json", {"versionName": "theirs", "propertyBag": {"b": "2"}})
    if own is not None:
        job.write("state/outputVersion.json", own)
    assert inside("replicate", "runSh-in", "deploy", *flags, **types) == Answer(0, "")
    assert (job.root / "state/f").read_text() == "new"
    path = job.root / "state/outputVersion.json"
    written = json.loads(path.read_text()) if path.exists() else None
    replaced = {**(own or {}), "propertyBag": {"from": "runSh-in", **HOSTILE}}
    assert written == (own if flags else replaced)


def test_the_job_keeps_the_rest_of_its_output_version(job: Job, inside: Inside, types: dict[str, str]) -> None:
    job.write("state/outputVersion.json", {"versionName": "v1", "propertyBag": {"a": 1}})
    job.write("IN/runSh-in/version.json", {"version": {"propertyBag": {"shaData": {"commitSha": "c"}, "b": 2}}})
    assert inside("replicate", "runSh-in", "deploy", "--webhook-data-only", **types).status == 0
    expected = {"versionName": "v1", "propertyBag": {"a": 1, "shaData": {"commitSha": "c"}}}
    assert _version(job, "state/outputVersion.json") == expected


REFUSED = [
    (["deploy", "state-out"], "Error: current job cannot be the FROM argument"),
    (["gitRepo-in", "ciRepo-out"], "Error: cannot replicate to ciRepo"),
    (["state-in", "params-out"], "Error: resources must be the same type."),
    (["gitRepo-in", "state-out"], "Error: resources must be the same type."),
    (
        ["state-in", "state-out", "--match-settings"],
        "Error: --match-settings flag not supported for the specified resources.",
    ),
    (["gitRepo-in", "gitRepo-out", "--match-settings"], "Error: FROM resource does not contain shaData."),
    (["no", "such"], "Error: IN/no not found: FROM is an input of the job, TO an output of it"),
    (["../x", "such"], "Error: IN/../x not found: FROM is an input of the job, TO an output of it"),
]


@pytest.mark.parametrize(("call", "sentence"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_a_wrong_call_is_refused(
    job: Job, inside: Inside, types: dict[str, str], call: list[str], sentence: str
) -> None:
    assert inside("replicate", *call, **types) == Answer(99, f"{sentence}\n")
    assert _version(job, "OUT/state-out/version.json")["propertyBag"] == {"old": 1}


def test_flags_are_no_names(inside: Inside, types: dict[str, str]) -> None:
    assert inside("replicate", "state-in", "--files-only", **types) == USAGE


def test_a_broken_version_is_one_sentence(job: Job, inside: Inside, types: dict[str, str]) -> None:
    job.write("OUT/state-out/version.json", "{")
    answer = inside("replicate", "state-in", "state-out", **types)
    assert answer.status == 99
    assert answer.out.startswith(f"shipctl: {job.root}/OUT/state-out/version.json is not valid JSON: ")


BRANCH, TAG, RELEASE = {"branchName": "fix/1"}, {"isGitTag": True, "gitTagName": "v1.2"}, {"isRelease": True}
SETTINGS = [
    (BRANCH, {}, True),
    (BRANCH, {"branch": "fix/1"}, True),
    (BRANCH, {"branch": "fix/*"}, False),
    (BRANCH, {"branch": "fix/1", "branches": {"except": ["*"]}}, True),
    (BRANCH, {"branches": {"only": ["main", "fix/*"]}}, True),
    (BRANCH, {"branches": {"only": ["main"]}}, False),
    (BRANCH, {"branches": {"except": ["fix/?"]}}, False),
    (BRANCH, {"branches": {"only": ["fix/*"], "except": ["*1"]}}, False),
    (BRANCH, {"branches": {"only": ["$(touch pwned)", "`x`"]}}, False),
    (BRANCH, {"tags": {"only": ["none"]}}, True),
    (TAG, {}, True),
    (TAG, {"tags": {"only": ["v*"]}}, True),
    (TAG, {"tags": {"only": ["v[2-9]*"]}}, False),
    (TAG, {"tags": {"except": ["v1.*"]}}, False),
    (TAG, {"branch": "main"}, True),
    (RELEASE, {"branch": "main", "tags": {"except": ["*"]}}, True),
]


@pytest.mark.parametrize("place", ["version.propertyBag", "propertyBag.yml.pointer"])
@pytest.mark.parametrize(("data", "settings", "fits"), SETTINGS)
def test_settings_of_a_repository_decide_what_it_takes(
    job: Job,
    inside: Inside,
    types: dict[str, str],
    place: str,
    data: dict[str, object],
    settings: dict[str, object],
    fits: bool,
) -> None:
    document: dict[str, object] = {"version": {"propertyBag": dict(settings)}}
    if place != "version.propertyBag":
        document = {"version": {"propertyBag": {}}, "propertyBag": {"yml": {"pointer": settings}}}
    job.write("IN/gitRepo-in/version.json", {"version": {"propertyBag": {"shaData": data, "other": 1}}})
    job.write("OUT/gitRepo-out/version.json", document)
    said = "" if fits else "FROM shaData does not match TO settings. skipping replicate\n"
    assert inside("replicate", "gitRepo-in", "gitRepo-out", "--match-settings", **types) == Answer(0, said)
    bag = _version(job, "OUT/gitRepo-out/version.json")["propertyBag"]
    assert isinstance(bag, dict)
    assert (bag.get("shaData") == data) is fits
    assert "other" not in bag


def test_a_commit_without_a_branch_matches_nothing(job: Job, inside: Inside, types: dict[str, str]) -> None:
    job.write("IN/gitRepo-in/version.json", {"version": {"propertyBag": {"shaData": {"commitSha": "c"}}}})
    answer = inside("replicate", "gitRepo-in", "gitRepo-out", "--match-settings", **types)
    assert answer == Answer(0, "Error: no branch name in FROM resource shaData. Cannot replicate.\n")
