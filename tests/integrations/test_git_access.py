"""Integrations that open git repositories: for which servers, as whom."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runner.integrations.catalogue import CATALOGUE
from runner.integrations.git_access import credential_lines, login_of, servers
from runner.integrations.model import ResolvedIntegration


def integration(type_: str, values: Mapping[str, str]) -> ResolvedIntegration:
    return ResolvedIntegration(name="i", type=CATALOGUE[type_], values=values)


@pytest.mark.parametrize(
    ("type_", "values", "lines"),
    [
        (
            "gitCredential",
            {"host": "git.example.com", "port": "8443", "username": "me", "password": "p"},
            ["https://me:p@git.example.com", "https://me:p@git.example.com:8443"],
        ),
        (
            "gitCredential",
            {"host": "h", "port": "443", "username": "me@x:y/z", "password": "ü%\n'$(id)"},
            [f"https://me%40x%3Ay%2Fz:%C3%BC%25%0A%27%24%28id%29@h{port}" for port in ("", ":443")],
        ),
        ("gitCredential", {"host": "h", "username": "me", "password": "p"}, ["https://me:p@h"]),
        ("github", {"url": "https://api.github.com", "token": "t"}, ["https://x-access-token:t@github.com"]),
        ("githubEnterprise", {"url": "https://ghe.x/api/v3", "token": "t"}, ["https://x-access-token:t@ghe.x"]),
        ("gitlab", {"url": "https://gitlab.com/api/v4", "token": "t"}, ["https://oauth2:t@gitlab.com"]),
        ("bitbucket", {"url": "https://api.bitbucket.org", "token": "t"}, ["https://x-token-auth:t@bitbucket.org"]),
        ("bitbucket", {"url": "https://bitbucket.org", "token": "me:t"}, ["https://me:t@bitbucket.org"]),
        ("bitbucketServer", {"url": "https://b:7990", "username": "me", "token": "t"}, ["https://me:t@b:7990"]),
        (
            "bitbucketServerBasic",
            {"url": "https://[::1]:1", "username": "me", "password": "p"},
            ["https://me:p@[::1]:1"],
        ),
        ("gerritBasic", {"url": "https://me@g.x/r", "username": "me", "password": "p"}, ["https://me:p@g.x"]),
        ("gitlab", {"url": "http://gitlab.local", "token": "t"}, []),
        ("gitlab", {"url": "https://", "token": "t"}, []),
        ("gitlab", {"url": "https://[", "token": "t"}, []),
        ("gitlab", {"url": "https://x:port", "token": "t"}, []),
        ("gitlab", {"url": 'https://a"b\nc', "token": "t"}, []),
        ("gitlab", {"url": "https://gitlab.com"}, []),
        ("slackKey", {"webhookUrl": "https://hooks.slack.com/x"}, []),
        ("jira", {"url": "https://jira.x", "username": "me", "token": "t"}, []),
    ],
)
def test_each_type_gives_its_login_to_its_own_servers(type_: str, values: Mapping[str, str], lines: list[str]) -> None:
    assert list(credential_lines(integration(type_, values))) == lines


@pytest.mark.parametrize("host", ["a b", "a\nb", "https://a", "a/b", "a:1", "-a", "", 'a"]', "[::1"])
def test_what_is_no_host_gets_no_login(host: str) -> None:
    assert servers(integration("gitCredential", {"host": host, "username": "u", "password": "p"})) == ()


def test_a_login_does_not_show_itself() -> None:
    assert "hush" not in repr(login_of(integration("bitbucket", {"url": "https://b", "token": "hush:hush"})))
