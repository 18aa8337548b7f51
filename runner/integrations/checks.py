"""What the values of single types must be, beyond texts: one explicit table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runner.integrations import aws_iam, git_access, keeping_back, key_files
from runner.integrations.catalogue import AWS_IAM, OLD_AWS_IAM, IntegrationType, Need

Wrong: TypeAlias = Callable[[Mapping[str, str]], Iterator[tuple[str, str]]]
"""Given the single values of an integration: the fields that do not hold what they must, each with the sentence. Absent
and empty fields are not looked at; the sentence for a field that may be secret does not show what it holds."""


@dataclass(frozen=True, slots=True)
class Check:
    """`expected` says of each field what it must be, for values that may not be shown."""

    wrong: Wrong
    expected: Mapping[str, str]


_AWS = Check(aws_iam.wrong_fields, aws_iam.EXPECTED)
_GIT = Check(git_access.wrong_fields, git_access.EXPECTED)
_KEYS = Check(key_files.wrong_fields, key_files.EXPECTED)
_KEPT_BACK = Check(keeping_back.wrong_fields, keeping_back.EXPECTED)
_OF_TYPES: Mapping[str, Check] = {
    AWS_IAM: _AWS,
    OLD_AWS_IAM: _AWS,
    **dict.fromkeys(keeping_back.TYPES, _KEPT_BACK),
}
_OF_NEEDS: Mapping[Need, Check] = {Need.GIT: _GIT, Need.KEY_FILES: _KEYS}


def check_of(kind: IntegrationType) -> Check | None:
    """None where any text will do."""
    needs = (_OF_NEEDS[need] for need in sorted(kind.needs) if need in _OF_NEEDS)
    return _OF_TYPES.get(kind.master_name) or next(needs, None)
