"""Scripts are parsed and never executed, and what is wrong is told at the line of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.diagnostics import bash
from runner.errors import SetupError
from tests.diagnostics.looking import seen


def test_entries_that_bash_takes_are_not_told() -> None:
    entries = ["echo a", "if true; then\n  echo\nfi", "# nothing", "rm !(a)", "echo 'a'\"b\"`c`$(d)", "a=(1 2)", "x &"]
    assert bash.parse_all([*entries, "cat <<END\nif\nEND", "echo $((1<<2))", "cat <<< word"]) == {}


@pytest.mark.parametrize(
    ("entry", "line", "word"),
    [
        ("fi", 1, "fi"), ("echo\n  done", 2, "done"), ("if true; then", 1, "end of file"), ('echo "a', 1, '"'),
        ("echo 'a", 1, "matching"), ("x=$(a", 1, ")"), ("a=(", 1, ")"), ("echo `a", 1, "matching"),
        ("a &&", 1, "end of file"), ("echo ${x", 1, "}"), ("f() {\necho", 2, "end of file"), ("case x in", 1, "end"),
    ],
)  # fmt: skip
def test_an_entry_that_is_not_complete_is_told_with_its_line(entry: str, line: int, word: str) -> None:
    finding = bash.parse_all(["echo before", entry, "echo after"])[entry]
    assert word in finding.message
    assert line <= finding.line <= entry.count("\n") + 2


@pytest.mark.parametrize("parts", [["x=$(", "a", ")"], ["if true; then", "a", "fi"], ['echo "', 'b"'], ["a &&", "b"]])
def test_entries_that_are_complete_only_together_are_told(parts: list[str]) -> None:
    assert parts[0] in bash.parse_all(parts)


def test_a_here_document_that_goes_on_in_the_next_entry_is_told() -> None:
    found = bash.parse_all(["cat <<END > f", "text", "END"])
    assert found == {"cat <<END > f": bash.Finding(1, "END", open_here_document=True)}


def test_nothing_is_ever_executed(tmp_path: Path) -> None:
    touch = f"touch {tmp_path}/executed"
    attempts = [
        touch, f"$({touch})", f"}}; {touch}; {{", f") ; {touch} ; (", f"set +n\n{touch}", f"`{touch}`; fi",
        f"trap '{touch}' EXIT; fi", f"cat <<END\n$({touch})", f'" ) ; {touch} ; : "', f"fi\n{touch}",
        f"esac\nexec {touch}", f"eval {touch}\n)", f"f() {{ {touch}; }}; f; done",
    ]  # fmt: skip
    bash.parse_all(attempts)
    for attempt in attempts:
        bash.parse_all([attempt])
    assert list(tmp_path.iterdir()) == []


PIECES = [
    "if a; then", "fi", "(", ")", "{", "}", '"', "'", "`", "$(", "${x", "a &&", "\\", "case x in", ";;", "esac", "# c",
    "x=1", "echo", "&", "|", "[[ a", "]]", "((", "))", "a=(", "!", "<", "\n",
]  # fmt: skip


@settings(max_examples=12)
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=6))
def test_all_entries_together_give_what_each_gives_alone(entries: list[str]) -> None:
    assert bash.parse_all(entries) == bash._each(list(dict.fromkeys(entries)))


def test_a_host_without_bash_is_told_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bash, "_BASH", ("no-such-bash",))
    with pytest.raises(SetupError, match="--no-shell"):
        bash.parse_all(["echo"])


def test_an_error_is_shown_where_it_stands_in_the_file() -> None:
    assert seen(
        """
        jobs:
          - name: build
            type: runSh
            steps:
              - TASK:
                  script:
                    - echo fine; done
                    - 'a; fi'
                    - |

                      if true; then
                          echo
                      done
                    - >
                      esac
                      folded
            always:
              - script: |2-
                    fi
        """,
        shell=True,
    ) == [
        "8:26: job 'build': bash cannot parse this: syntax error near unexpected token 'done' [E311]",
        "9:19: job 'build': bash cannot parse this: syntax error near unexpected token 'fi' [E311]",
        "14:15: job 'build': bash cannot parse this: syntax error near unexpected token 'done' [E311]",
        "15:15: job 'build': bash cannot parse this: syntax error near unexpected token 'esac' [E311]",
        "20:13: job 'build': bash cannot parse this: syntax error near unexpected token 'fi' [E311]",
    ]


def test_the_commands_of_a_ci_part_are_parsed_too_those_of_its_pools_as_well() -> None:
    text = """
        language: none
        steps: &steps [echo "a]
        build:
          pre_ci: [make, fi]
          ci:
            - *steps
            - |
              echo one
              if two
          on_success: done
          always: ["cat <<END"]
        runtime: {nodePool: x, build: {ci: ["a &&"]}}
    """.replace('echo "a]', "'echo \"a']")
    told = [line for line in seen(text, shell=True) if "W310" not in line]
    assert [line.rpartition("[")[2] for line in told] == ["E311]", "E311]", "E311]", "E311]", "W317]", "E311]"]
    assert [line.partition(": ")[0] for line in told] == ["3:17", "5:18", "10:7", "11:15", "12:13", "13:38"]
    assert "5:18: build: bash cannot parse this: syntax error near unexpected token 'fi' [E311]" in told[1]
