"""Resources: both syntaxes, what each type holds, what is refused."""

from __future__ import annotations

import pytest

from runner.pipeline.model import Syntax
from runner.pipeline.problems import Place
from runner.pipeline.sealed import Envelope, Secure
from runner.pipeline.unsupported import missing_for_input
from tests.pipeline.reading import errors, printed, read_resource, read_text, warnings


@pytest.mark.parametrize(
    ("body", "syntax"),
    [
        ("versionTemplate: {sourceName: a/b, isPull: false, versionName: 1.10}", Syntax.NEW),
        ("pointer: {sourceName: a/b, isPull: false}\nseed: {versionName: 1.10}", Syntax.OLD),
    ],
)
def test_both_syntaxes_give_the_same_first_version(body: str, syntax: Syntax) -> None:
    resource, reading = read_resource(f"integration: hub\nflags: x\n{body}", "image")
    assert printed(reading) == []
    assert (resource.syntax, resource.version_name) == (syntax, "1.10")
    assert resource.property_bag == {"sourceName": "a/b", "isPull": False}
    assert resource.integration is not None
    assert (resource.integration.name, resource.integration.place.line) == ("hub", 4)
    assert resource.flags == ("x",)


def test_the_whole_entry_is_kept_as_it_is_written() -> None:
    resource, _ = read_resource("version:\n  params: {A: 0.10, B: [1, off], C: true, D: }", "params")
    assert resource.yml == {
        "name": "r",
        "type": "params",
        "version": {"params": {"A": "0.10", "B": (1, "off"), "C": True, "D": None}},
    }
    assert resource.property_bag == {"params": {"A": "0.10", "B": (1, "off"), "C": True, "D": None}}


@pytest.mark.parametrize(
    ("body", "resource_type", "bag", "version_name", "spellings"),
    [
        ("source: {name: a/b, tag: x, isPull: true}", "image", {"sourceName": "a/b", "isPull": True}, "x", 1),
        ("source: {params: {A: 1}}", "params", {"params": {"A": 1}}, None, 1),
        ("pointer: {sourceName: a/b}\ninitialVersion: {versionName: x}", "image", {"sourceName": "a/b"}, "x", 1),
        ("source: {name: a}\npointer: {sourceName: b}\nseed: {versionName: x}", "image", {"sourceName": "b"}, "x", 1),
    ],
)  # fmt: skip
def test_the_oldest_spellings_are_read_with_a_warning(
    body: str, resource_type: str, bag: dict[str, object], version_name: str | None, spellings: int
) -> None:
    resource, reading = read_resource(body, resource_type)
    assert errors(reading) == []
    assert len(warnings(reading)) == spellings
    assert warnings(reading)[0].endswith("is an older spelling (use versionTemplate)")
    assert (resource.syntax, resource.property_bag, resource.version_name) == (Syntax.OLD, bag, version_name)


@pytest.mark.parametrize(
    ("resource_type", "body"),
    [
        ("integration", "integration: aws"),
        ("state", ""),
        ("cluster", "integration: aws\nversionTemplate: {sourceName: c, region: us-east-1}"),
        ("cluster", "integration: aws"),
        ("params", "versionTemplate: {params: {A: 1}}"),
        ("image", "versionTemplate: {sourceName: a, versionName: latest}"),
        ("version", "seed: {versionName: v1.0.0-rc.1}"),
        ("version", "versionTemplate: {versionName: 1.2.3-alpha}"),
        ("trigger", "version: {counter: 5, message: x, any: {thing: 1}}"),
        ("replicas", "version: {count: 3}"),
        ("replicas", "versionTemplate: {minReplicas: 1, maxReplicas: 3}"),
        ("dockerOptions", "version: {memory: 512, portMappings: ['80:80'], labels: [a: b], anything: 1}"),
        ("file", "pointer: {sourceName: http://x}\nseed: {versionName: none}"),
        ("notification", "pointer: {method: email, recipients: [a, b]}"),
        ("loadBalancer", "pointer: {sourceName: arn, method: classic}\nversion: {ports: [{port: 80}], selector:"
         " {a: b}}"),
    ],
)  # fmt: skip
def test_what_a_job_can_use_is_read_without_a_word(resource_type: str, body: str) -> None:
    resource, reading = read_resource(body, resource_type)
    assert printed(reading) == []
    assert resource.type == resource_type
    assert missing_for_input(resource) is None


@pytest.mark.parametrize(
    ("resource_type", "body", "sentence"),
    [
        ("time", "versionTemplate: {interval: '*/5 1-3,7 * jan MON-FRI'}", "clocks do not tick in a local run"),
        ("webhook", "versionTemplate: {webhookKey: k}", "nothing is received in a local run"),
    ],
)
def test_what_gets_no_version_from_outside_says_so_by_name(resource_type: str, body: str, sentence: str) -> None:
    resource, reading = read_resource(body, resource_type)
    assert [line.split("warning: ")[1].startswith(sentence) for line in printed(reading)] == [True]
    assert printed(reading)[0].endswith(": r")
    assert missing_for_input(resource) is None


@pytest.mark.parametrize(
    ("resource_type", "body", "missing"),
    [
        ("externalCIServer", "", "results of other CI systems are not received yet"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_input_yet_says_so_by_name(resource_type: str, body: str, missing: str) -> None:
    resource, reading = read_resource(body, resource_type)
    assert missing_for_input(resource) == missing
    assert printed(reading) == [
        f"shippable.yml:3:11: warning: resources[0].type: the {resource_type} 'r' cannot be an input yet: {missing}"
    ]


@pytest.mark.parametrize(
    ("resource_type", "body", "sentence"),
    [
        ("image", "", "resources[0]: image 'r': sourceName is required"),
        ("version", "seed: {versionName: }", "resources[0]: version 'r': versionName is required"),
        ("params", "", "resources[0]: params 'r': params is required"),
        ("params", "version: {params: [a]}", "resources[0].version.params: must be a mapping, not a list"),
        ("params", "version: {params: {}}", "resources[0].version.params: must hold at least one key"),
        ("params", "version: x", "resources[0].version: must be a mapping, not 'x'"),
        ("replicas", "version: {count: 0}", "resources[0].version.count: must be at least 1, not '0'"),
        ("replicas", "version: {count: two}", "resources[0].version.count: must be a whole number, at least 1,"
         " not 'two'"),
        ("replicas", "", "replicas 'r': count is required"),
        ("replicas", "version: {minReplicas: 1}", "replicas 'r': minReplicas and maxReplicas need each other"),
        ("time", "seed: {interval: '@daily'}", "resources[0].seed.interval: '@daily' is not a cron expression"
         " (five fields)"),
        ("time", "seed: {interval: [1]}", "resources[0].seed.interval: a list is not a cron expression (five fields)"),
        ("version", "seed: {versionName: 1.0}", "resources[0].seed.versionName: '1.0' is not a semantic version"),
        ("integration", "", "integration 'r': integration is required"),
        ("webhook", "", "webhook 'r': webhookKey is required"),
        ("file", "pointer: {sourceName: [x]}", "resources[0].pointer.sourceName: must be text, not a list"),
        ("notification", "pointer: {method: mail, recipients: [a]}",
         "resources[0].pointer.method: must be one of email, irc, not 'mail' (did you mean 'email'?)"),
        ("gitRepo", "pointer: {sourceName: a, branch: b, branches: {only: [c]}}",
         "gitRepo 'r': branch and branches exclude each other"),
        ("image", "versionTemplate: {sourceName: a, versionName: b}\nseed: {versionName: c}",
         "resources[0]: image 'r': versionTemplate and seed exclude each other"),
        ("gitRepo", "pointer: {sourceName: a, branches: [b]}",
         "resources[0].pointer.branches: must be a mapping with only and except, not a list"),
        ("gitRepo", "versionTemplate: {sourceName: a, tags: {onyl: [b]}}",
         "resources[0].versionTemplate.tags.onyl: 'onyl' is not a key of a filter (did you mean 'only'?)"),
        ("state", "integration: [x]", "resources[0].integration: must be a name, not a list"),
    ],
)  # fmt: skip
def test_wrong_content_is_refused_in_one_sentence(resource_type: str, body: str, sentence: str) -> None:
    found = errors(read_resource(body, resource_type)[1])
    assert sentence in found[0]
    assert len(found) == 1 or resource_type == "image"


@pytest.mark.parametrize(
    "cron", ["* * * *", "* * * * * *", "/2 * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
             "* * * * 8", "5-3 * * * *", "*/0 * * * *", "a * * * *", "1,,2 * * * *", "@hourly", "-1 * * * *"],
)  # fmt: skip
def test_a_wrong_cron_expression_is_refused(cron: str) -> None:
    assert errors(read_resource(f"seed: {{interval: '{cron}'}}", "time")[1]) == [
        f"shippable.yml:4:22: resources[0].seed.interval: '{cron}' is not a cron expression (five fields)"
    ]


def test_placeholders_are_not_checked_before_they_are_filled_in() -> None:
    resource, reading = read_resource("versionTemplate: {versionName: $VERSION}", "version")
    assert printed(reading) == []
    assert resource.version_name == "$VERSION"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("pointer: {sourceName: a, versionName: b}\nseed: {versionName: b}",
         "resources[0].pointer.versionName: 'versionName' is not a known key here of a resource of type image"
         " (it belongs under 'seed')"),
        ("versionTemplate: {sourceName: a, versionName: b, tags: c}",
         "resources[0].versionTemplate.tags: 'tags' is not a known key here of a resource of type image"),
        ("versionTemplate: {sourceName: a, versionName: b}\ndescription: x",
         "resources[0].description: 'description' is not a key of a resource and is ignored"),
    ],
)  # fmt: skip
def test_unknown_keys_are_warnings(body: str, sentence: str) -> None:
    reading = read_resource(body, "image")[1]
    assert errors(reading) == []
    assert [line.split("warning: ")[1] for line in warnings(reading)] == [sentence]


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("image", "versionTemplate: {sourceName: a, versionName: b, isPul: true}",
         "versionTemplate.isPul: 'isPul' is not a known key here of a resource of type image (did you mean 'isPull'?)"),
        ("image", "versionTemplate: {soureName: a, versionName: b}", "versionTemplate.soureName: 'soureName' is not a"
         " known key here of a resource of type image (did you mean 'sourceName'?)"),
        ("image", "verionTemplate: {sourceName: a, versionName: b}",
         "verionTemplate: 'verionTemplate' is not a key of a resource (did you mean 'versionTemplate'?)"),
        ("replicas", "version: {conut: 2}", "version.conut: 'conut' is not a known key here of a resource of type"
         " replicas (did you mean 'count'?)"),
        ("integration", "integraton: aws", "integraton: 'integraton' is not a key of a resource (did you mean"
         " 'integration'?)"),
    ],
)  # fmt: skip
def test_a_misspelt_key_is_the_one_error_of_its_mistake(kind: str, body: str, sentence: str) -> None:
    reading = read_resource(body, kind)[1]
    assert [line.split("resources[0].")[1] for line in printed(reading)] == [sentence]


def test_a_stray_key_hides_no_error_beside_it() -> None:
    reading = read_resource("version: {minReplicas: 1, somethingElse: 2}", "replicas")[1]
    assert [line.split(": ")[-1] for line in errors(reading)] == ["minReplicas and maxReplicas need each other"]


def test_a_type_whose_content_is_free_takes_every_key() -> None:
    assert printed(read_resource("version: {memry: 512}", "dockerOptions")[1]) == []


def test_integration_name_is_read_with_a_warning() -> None:
    resource, reading = read_resource("integrationName: aws", "integration")
    assert resource.integration is not None
    assert resource.integration.name == "aws"
    assert printed(reading) == [
        "shippable.yml:4:22: warning: resources[0].integrationName: 'integrationName' is an older spelling"
        " (use integration)"
    ]


def test_secure_params_that_the_platform_encrypted_are_told_with_what_to_do() -> None:
    resource, reading = read_resource("version: {params: {secure: blob, A: 1}}", "params")
    assert missing_for_input(resource) is None
    assert printed(reading) == [
        "shippable.yml:4:32: warning: resources[0].version.params.secure: this value was encrypted by the platform,"
        " whose private key is gone: it cannot be decrypted any more (encrypt it anew with 'runner encrypt')"
    ]
    assert [secure.text for secure in resource.secure] == ["blob"]


@pytest.mark.parametrize("place", ["versionTemplate", "version", "source", "initialVersion"])
def test_secure_params_are_known_with_their_places_in_every_syntax(place: str) -> None:
    text = str(Envelope("0123456789abcdef", bytes(60)))
    resource, reading = read_resource(f"{place}: {{params: {{A: 1, secure: {text}}}}}", "params")
    column = 5 + len(f"{place}: {{params: {{A: 1, secure: ")
    expected = () if place == "initialVersion" else (Secure(text, Place("shippable.yml", 4, column)),)
    assert resource.secure == expected
    assert [line for line in printed(reading) if "secure" in line] == []


def test_a_param_that_cannot_be_a_variable_is_a_warning() -> None:
    reading = read_resource("version: {params: {'1': x, a-b: y}}", "params")[1]
    assert [line.split("warning: ")[1] for line in printed(reading)] == [
        "resources[0].version.params.1: '1' cannot be the name of a variable"
    ]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("gitrepo", "'gitrepo' is not a resource type (did you mean 'gitRepo'?)"),
        ("dockeroptions", "'dockeroptions' is not a resource type (did you mean 'dockerOptions'?)"),
        ("ecsCluster", "'ecsCluster' is no longer a resource type (use cluster)"),
        ("kickStart", "'kickStart' is no longer a resource type (use trigger: jobs start when its content changes)"),
        ("runSh", "'runSh' is not a resource type (it belongs under 'jobs')"),
        ("xyz", "'xyz' is not a resource type"),
    ],
)
def test_an_unknown_type_is_refused_with_the_nearest_known_one(kind: str, sentence: str) -> None:
    reading = read_text(f"resources:\n  - name: r\n    type: {kind}\n")
    assert printed(reading) == [f"shippable.yml:3:11: resources[0].type: {sentence}"]
