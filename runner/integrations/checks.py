"""Checks of the values of single types: one explicit table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runner.integrations import aws_iam, git_access
from runner.integrations.catalogue import AWS_IAM, GIT_CREDENTIAL, OLD_AWS_IAM, IntegrationType
from runner.pipeline.codes import Code

Wrong: TypeAlias = Callable[[Mapping[str, str]], Iterator[tuple[str, str]]]
"""Given the single values of an integration: the fields that do not hold what they must, each with the sentence. Absent
and empty fields are not looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """`expected` says of each field what it must be, for values that may not be shown."""

    code: Code
    wrong: Wrong
    expected: Mapping[str, str]


_AWS = Check(Code.WRONG_AWS_FIELD, aws_iam.wrong_fields, aws_iam.EXPECTED)
_GIT = Check(Code.WRONG_FIELD_VALUE, git_access.wrong_fields, git_access.EXPECTED)
_CHECKS: Mapping[str, Check] = {AWS_IAM: _AWS, OLD_AWS_IAM: _AWS, GIT_CREDENTIAL: _GIT}


def check_of(kind: IntegrationType) -> Check | None:
    """None where any text will do."""
    return _CHECKS.get(kind.master_name)
