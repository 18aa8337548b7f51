"""Every kind of sender by the name that a setting gives it: the types of integrations, and `generic`."""

from __future__ import annotations

from collections.abc import Mapping

from runner.triggers.delivery import Provider
from runner.triggers.providers import bitbucket, bitbucket_server, generic, github, gitlab

PROVIDERS: Mapping[str, Provider] = {
    "github": github,
    "githubEnterprise": github,
    "gitlab": gitlab,
    "bitbucket": bitbucket,
    "bitbucketServer": bitbucket_server,
    "generic": generic,
}
