"""Files, their sections, templates, and the names of entries."""

from __future__ import annotations

import pytest

from runner.pipeline.reader import SourceFile, read
from tests.pipeline.reading import errors, printed, read_text, warnings

JOB = "jobs:\n  - {name: j, type: runSh, steps: [{TASK: {script: [make]}}]}\n"
RESOURCE = "resources:\n  - {name: r, type: state}\n"
TRIGGER = "triggers:\n  - {name: t, type: trigger, version: {counter: 1}}\n"


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("shippable.yml", {"j", "r", "t"}),
        ("deep/down/my.shippable.yml", {"j", "r", "t"}),
        ("anything.txt", {"j", "r", "t"}),
        ("shippable.jobs.yml", {"j"}),
        ("a/shippable.resources.yml", {"r"}),
        ("shippable.triggers.yml", {"r", "t"}),
        ("shippable.templates.yml", set()),
    ],
)
def test_the_name_of_a_file_tells_which_sections_count(name: str, counted: set[str]) -> None:
    pipeline = read_text(JOB + RESOURCE + TRIGGER, name).pipeline
    assert {*pipeline.jobs, *pipeline.resources} == counted


def test_a_section_that_does_not_count_is_a_warning() -> None:
    assert printed(read_text(RESOURCE, "shippable.jobs.yml")) == [
        "shippable.jobs.yml:1:1: warning: resources: 'resources' does not count in a file of this name"
        " (name the file shippable.yml)"
    ]


@pytest.mark.parametrize("text", ["jobs:\n", "jobs: []\nresources: ~\ntriggers:\n", "x: &x [a]\nvars: {a: 1}\n"])
def test_empty_sections_and_holders_of_anchors_are_read_without_a_word(text: str) -> None:
    assert printed(read_text(text)) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Jobs: []\n", "Jobs: 'Jobs' is not a section of the file (did you mean 'jobs'?)"),
        ("jbos: []\n", "jbos: 'jbos' is not a section of the file (did you mean 'jobs'?)"),
        ("ressources: []\n", "ressources: 'ressources' is not a section of the file (did you mean"
         " 'resources'?)"),
        ("pipelines: []\n", "warning: pipelines: this is written for JFrog Pipelines, which is another language"),
        ("jobs: {a: 1}\n", "jobs: must be a list, not a mapping (put '- ' before each entry)"),
    ],
)  # fmt: skip
def test_a_top_key_that_looks_as_if_it_should_count_is_told(text: str, sentence: str) -> None:
    assert [line.split(": ", 1)[1] for line in printed(read_text(text))] == [sentence]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("text", "shippable.yml:2:5: jobs[0]: entry 1 of jobs must be a mapping, not text"),
        ("{type: runSh, steps: [{TASK: x}]}", "shippable.yml:2:5: jobs[0]: entry 1 of jobs has no name"),
        ("{name: x}", "shippable.yml:2:5: jobs[0]: 'x' has no type"),
        ("{name: x, tpye: runSh}", "shippable.yml:2:15: jobs[0].tpye: 'tpye' is not a key of 'x' (did you mean"
         " 'type'?)"),
        ("{nmae: x, type: runSh}", "shippable.yml:2:6: jobs[0].nmae: 'nmae' is not a key of entry 1 of jobs (did you"
         " mean 'name'?)"),
        ("{name: , type: rSync}", "shippable.yml:2:5: jobs[0]: entry 1 of jobs has no name"),
        ("{name: [x], type: rSync}", "shippable.yml:2:12: jobs[0].name: must be a name, not a list"),
        ("{name: x, type: runSsh}", "shippable.yml:2:21: jobs[0].type: 'runSsh' is not a job type (did you mean"
         " 'runSh'?)"),
        ("{name: x, type: RUNSH}", "shippable.yml:2:21: jobs[0].type: 'RUNSH' is not a job type (did you mean"
         " 'runSh'?)"),
        ("{name: x, type: image}", "shippable.yml:2:21: jobs[0].type: 'image' is not a job type (it belongs"
         " under 'resources')"),
    ],
)  # fmt: skip
def test_an_entry_without_a_usable_name_or_type_is_refused(entry: str, sentence: str) -> None:
    assert errors(read_text(f"jobs:\n  - {entry}\n")) == [sentence]


@pytest.mark.parametrize(
    ("old", "new"),
    [("jenkinsJob", "externalCI"), ("ciJob", "runCI")]
    + [(f"{cloud}Deploy", "deploy") for cloud in ("ecs", "gke", "dcl", "ddc", "tripub")],
)
def test_a_type_that_is_gone_names_what_took_its_place(old: str, new: str) -> None:
    assert errors(read_text(f"jobs:\n  - {{name: x, type: {old}}}\n")) == [
        f"shippable.yml:2:21: jobs[0].type: '{old}' is no longer a job type (use {new})"
    ]


@pytest.mark.parametrize("name", [".x", "-x", "a/b", "ä", "x" * 256, "a\\nb"])
def test_a_name_with_other_characters_is_refused(name: str) -> None:
    reading = read_text(f'resources:\n  - name: "{name}"\n    type: state\n')
    assert "cannot be a name" in errors(reading)[0]
    assert not reading.pipeline.resources


def test_dots_and_spaces_in_names_are_warnings() -> None:
    reading = read_text("resources:\n  - {name: a b, type: state}\n  - {name: c.d, type: state}\n")
    assert [line.split(": ")[2:] for line in warnings(reading)] == [
        ["resources[0].name", "the name 'a b' holds a space or a dot", "'-' and '_' are safer"],
        ["resources[1].name", "the name 'c.d' holds a space or a dot", "'-' and '_' are safer"],
    ]
    assert set(reading.pipeline.resources) == {"a b", "c.d"}


def test_a_name_that_is_used_twice_tells_both_places() -> None:
    files = [SourceFile("a.yml", RESOURCE), SourceFile("b.yml", "jobs:\n  - {name: r, type: rSync}\n")]
    assert errors(read(files)) == ["b.yml:2:12: jobs[0].name: the name 'r' is already used by a resource at a.yml:2:12"]


def test_an_entry_that_is_put_twice_by_an_alias_is_used_twice() -> None:
    reading = read_text("x: &x {name: r, type: state}\nresources: [*x, *x]\n")
    assert errors(reading) == [
        "shippable.yml:1:14: resources[1].name: the name 'r' is already used by a resource at shippable.yml:1:14"
    ]


def test_names_that_share_their_variables_are_a_warning() -> None:
    reading = read_text("resources:\n  - {name: a-b, type: state}\n  - {name: ab, type: state}\n")
    assert printed(reading) == [
        "shippable.yml:3:12: warning: 'ab' and 'a-b' (shippable.yml:2:12) share the variables AB_…"
    ]


def test_numbers_are_taken_as_names_where_they_are_written() -> None:
    reading = read_text("resources:\n  - {name: 1a, type: state}\n  - {name: _2, type: state}\n")
    assert list(reading.pipeline.resources) == ["1a", "_2"]


def test_an_entry_of_triggers_is_a_trigger_unless_it_says_otherwise() -> None:
    reading = read_text("triggers:\n  - {name: t, version: {counter: 2}}\n  - {name: s, type: state}\n")
    assert printed(reading) == []
    assert [r.type for r in reading.pipeline.resources.values()] == ["trigger", "state"]


def test_templates_of_the_root_are_known_in_every_file_of_the_repository() -> None:
    templates = SourceFile("shippable.templates.yml", "x: &clean\n  - rm -rf out\n  - mkdir out\n", "repo")
    jobs = "jobs:\n- name: j\n  type: runSh\n  steps:\n  - TASK:\n      script:\n        - *clean\n        - make\n"
    reading = read([SourceFile("a/shippable.yml", jobs, "repo"), templates])
    assert printed(reading) == []
    script = reading.pipeline.jobs["j"].tasks[0].script
    assert [(item.text, str(item.place)) for item in script] == [
        ("rm -rf out", "shippable.templates.yml:2:5"),
        ("mkdir out", "shippable.templates.yml:3:5"),
        ("make", "a/shippable.yml:8:11"),
    ]


def test_files_in_the_root_of_a_repository_count_by_their_names() -> None:
    templates = SourceFile("shop:shippable.templates.yml", "x: &x [a]\n", "shop")
    jobs = SourceFile("shop:shippable.jobs.yaml", "x: *x\nresources: []\n", "shop")
    assert printed(read([templates, jobs])) == [
        "shop:shippable.jobs.yaml:2:1: warning: resources: 'resources' does not count in a file of this name (name the"
        " file shippable.yml)"
    ]


def test_templates_of_another_repository_are_not_known() -> None:
    files = [
        SourceFile("one/shippable.templates.yml", "x: &x [a]\n", "one"),
        SourceFile("two/shippable.yml", "y: *x\n", "two"),
    ]
    assert printed(read(files)) == [
        "two/shippable.yml:1:4: alias *x is not defined here nor in shippable.templates.yml"
    ]


REFERENCES = "shippable.templates.yml:1:22: "


def test_references_that_were_not_fetched_are_told_and_their_aliases_passed_over() -> None:
    templates = SourceFile("shippable.templates.yml", "externalReferences: [https://example.com/x.yml]\n")
    reading = read([templates, SourceFile("shippable.yml", "a: [*anchor]\n")])
    assert list(map(str, reading.problems)) == [
        f"{REFERENCES}warning: externalReferences[0]: is not fetched here, so that its anchors are not known [W105]"
    ]


def test_a_text_that_was_fetched_lends_its_anchors_to_its_repository_only() -> None:
    templates = SourceFile("shippable.templates.yml", "externalReferences: https://example.com/x.yml\n", "one")
    fetched = SourceFile("https://example.com/x.yml", "x: &anchor [a]\njobs: [{name: x, type: y}]\n", "one")
    files = [SourceFile("shippable.yml", "a: *anchor\n", "one"), SourceFile("b.yml", "b: *anchor\n", "two")]
    assert printed(read([templates, fetched, *files])) == [
        "b.yml:1:4: alias *anchor is not defined here nor in shippable.templates.yml"
    ]


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("http://example.com/x.yml", "must start with https://, so that nobody on the way can change it"),
        ("https://jane:hunter2@example.com/x.yml", "must be public: an address with a user name or password is not"),
        ("ftp://example.com/x.yml", "must be an https address such as https://example.com/ci/steps.yml"),
        ("https://exa mple.com/", "must be an https address such as"),
        ("https://example..com/", "must be an https address such as"),
        ("https://example.com:99999/", "must be an https address such as"),
        ("shared/steps.yml", "must be an https address such as"),
        ("[a]", "must be an https address, not a list"),
        ("~", "must be an https address, not empty"),
    ],
)
def test_what_is_no_public_https_address_is_refused_and_not_shown(reference: str, why: str) -> None:
    templates = SourceFile("shippable.templates.yml", f"externalReferences: [{reference}]\n")
    (told,) = printed(read([templates, SourceFile("shippable.yml", "a: *anchor\n")]))
    assert told.startswith(f"{REFERENCES}externalReferences[0]: {why}")
    assert "hunter2" not in told


@pytest.mark.parametrize("written", ["", "~", "[]"])
def test_no_references_are_no_problem(written: str) -> None:
    assert printed(read_text(f"externalReferences: {written}\n", "shippable.templates.yml")) == []


def test_references_are_a_list_of_so_many_at_most() -> None:
    (told,) = printed(read_text("externalReferences: {a: b}\n", "shippable.templates.yml"))
    assert "externalReferences: must be a list of https addresses, not a mapping" in told
    many = ", ".join(f"https://example.com/{number}" for number in range(21))
    told = printed(read_text(f"externalReferences: [{many}]\n", "shippable.templates.yml"))[0]
    assert "externalReferences: there are 21 references: 20 are the most" in told


@pytest.mark.parametrize("first", [".shippable.yml", "shippable.yml"])
def test_of_two_ci_parts_in_one_root_that_of_shippable_yml_counts(first: str) -> None:
    texts = {name: f"language: none\nbuild: {{ci: [echo {name}]}}\n" for name in (".shippable.yml", "shippable.yml")}
    names = [first, *(name for name in texts if name != first)]
    reading = read([SourceFile(name, texts[name]) for name in names])
    assert reading.ci is not None
    assert reading.ci.part.place.file == "shippable.yml"
    assert printed(reading) == [".shippable.yml:1:1: warning: this CI part does not count: that of shippable.yml does"]


@pytest.mark.parametrize("name", ["shippable.jobs.yaml", "shippable.resources.yaml", "shippable.triggers.yaml"])
def test_the_older_names_count_as_much_with_the_other_ending(name: str) -> None:
    text = "jobs: []\nresources: []\ntriggers: []\n"
    same = printed(read_text(text, name.replace("yaml", "yml")))
    assert [line.replace("yaml", "yml") for line in printed(read_text(text, name))] == same != []


def test_all_problems_of_all_files_are_told_at_once_sorted_by_place() -> None:
    files = [
        SourceFile("b.yml", "jobs:\n  - {name: x, type: y}\n  - {name: z}\n"),
        SourceFile("a.yml", "a: [\n"),
        SourceFile("c.yml", "resources: 5\n"),
    ]
    assert [line.split(": ")[0] for line in printed(read(files))] == [
        "a.yml:1:4",
        "b.yml:2:21",
        "b.yml:3:5",
        "c.yml:1:12",
    ]


def test_a_file_that_cannot_be_read_does_not_make_its_names_unknown_elsewhere() -> None:
    files = [SourceFile("a.yml", "resources: [\n"), SourceFile("b.yml", JOB.replace("{TASK", "{IN: r}, {TASK"))]
    assert [line.split(":")[0] for line in errors(read(files))] == ["a.yml"]
