"""Every integration type that a `shippable.yml` can name: a table, not code.

Notation of the fields: `*` required, `!` secret, `[]` a list, `{}` pairs, `-` ours alone (never a variable of a job).
Source: Shippable's own catalogue. Where it left a token or a key file unmarked (`JSON_key`, `webhookUrl` …) it is
secret here: what opens a door does not belong in a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runner.pipeline.problems import nearest


class Shape(StrEnum):
    TEXT = "text"
    LIST = "list"
    PAIRS = "pairs"


class Need(StrEnum):
    """What a type gives a job beyond variables and the two files."""

    KEY_FILES = "key files"
    CLI = "command-line set-up"
    GIT = "git credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a type. `exported` is False for the fields that only this runner knows."""

    name: str
    required: bool = False
    secret: bool = False
    shape: Shape = Shape.TEXT
    exported: bool = True

    @property
    def marked(self) -> str:
        """The field in the notation of the table, for documents and messages."""
        return f"{self.name}{'*' * self.required}{'!' * self.secret}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationType:
    """A type: `master_name` is what files and integration.json call it, `display` what people call it."""

    master_name: str
    display: str
    fields: tuple[Field, ...]
    needs: frozenset[Need] = frozenset()
    deprecated: bool = False

    def field(self, name: str) -> Field | None:
        """The field of that name; case does not matter, as it does not in the names of variables."""
        return next((field for field in self.fields if field.name.casefold() == name.casefold()), None)


AWS_IAM = "amazonIamRole"
OLD_AWS_IAM = "AWS_IAM"
KEY_VALUE = "keyValuePair"
GIT_CREDENTIAL = "gitCredential"

_MARKS = "*![]{}-"
_IAM_FIELDS = "assumeRoleARN* awsAccountId output url region- externalId- deliver-"


def _field(text: str) -> Field:
    name = text.rstrip(_MARKS)
    marks = text[len(name) :]
    shape = Shape.LIST if "[]" in marks else Shape.PAIRS if "{}" in marks else Shape.TEXT
    return Field(name=name, required="*" in marks, secret="!" in marks, shape=shape, exported="-" not in marks)


def _type(master_name: str, display: str, fields: str, *needs: Need, deprecated: bool = False) -> IntegrationType:
    return IntegrationType(
        master_name=master_name,
        display=display,
        fields=tuple(_field(text) for text in fields.split()),
        needs=frozenset(needs),
        deprecated=deprecated,
    )


def _old(master_name: str, fields: str, *needs: Need) -> IntegrationType:
    return _type(master_name, master_name, fields, *needs, deprecated=True)


_CURRENT = (
    _type(AWS_IAM, "AWS IAM", _IAM_FIELDS),
    _type("amazonKeys", "AWS Keys", "accessKey* secretKey*!", Need.CLI),
    _type("airBrakeKey", "Airbrake", "url* token*! deliver-"),
    _type("artifactoryKey", "JFrog Artifactory", "username* password*! url*", Need.CLI),
    _type("azureDcosKey", "Azure DC/OS", "username* url* dcosPublicKey dcosPrivateKey!"),
    _type("azureKeys", "Azure", "appId* password*! tenant*", Need.CLI),
    _type("dclKey", "Docker Cloud", "username* token*! url*"),
    _type("ddcKey", "Docker Datacenter", "username* password*! url*"),
    _type("DOC", "Digital Ocean", "apiToken*!", Need.CLI),
    _type("dockerRegistryLogin", "Docker Registry", "url username* password*! email*", Need.CLI),
    _type("gcloudKey", "Google Cloud", "JSON_key*!", Need.CLI),
    _type(GIT_CREDENTIAL, "Git Credential", "host* port* username* password*!", Need.GIT),
    _type("hipchatKey", "HipChat", "token*!"),
    _type("jira", "Jira", "url* username* token*! deliver-"),
    _type("joyentTritonKey", "Joyent Triton", "username* url* validityPeriod* publicKey privateKey! certificates!"),
    _type(KEY_VALUE, "Key-Value", "envs*!{}"),
    _type("kubernetesConfig", "Kubernetes", "kubeConfigContent*!", Need.CLI),
    _type("newRelicKey", "New Relic", "url* token*! deliver-"),
    _type("nodeCluster", "Node Cluster", "nodes*[] publicKey privateKey!"),
    _type("pemKey", "PEM key", "key*!", Need.KEY_FILES),
    _type("quayLogin", "Quay.io", "url* username* password*! email* accessToken*!", Need.CLI),
    _type("slackKey", "Slack", "webhookUrl*! deliver-"),
    _type("sshKey", "SSH key", "publicKey* privateKey*!", Need.KEY_FILES),
    _type("webhookV2", "Webhook", "webhookURL*! authorization! deliver-"),
    _type("github", "GitHub", "url* token*!", Need.GIT),
    _type("githubEnterprise", "GitHub Enterprise", "url* token*!", Need.GIT),
    _type("gitlab", "GitLab", "url* token*!", Need.GIT),
    _type("bitbucket", "Bitbucket", "token*! url*", Need.GIT),
    _type("bitbucketServer", "Bitbucket Server", "username* url* token*!", Need.GIT),
    _type("bitbucketServerBasic", "Bitbucket Server Basic", "username* password*! url*", Need.GIT),
    _type("gerritBasic", "Gerrit Basic", "username* password*! url* publicKey privateKey!", Need.GIT),
)

_DEPRECATED = (
    _old("AWS", "aws_access_key_id aws_secret_access_key! url", Need.CLI),
    _old("ECR", "aws_access_key_id aws_secret_access_key!", Need.CLI),
    _old(OLD_AWS_IAM, _IAM_FIELDS),
    _old("ACS", "username url"),
    _old("AZURE_DCOS", "username url"),
    _old("MAZ", "subscriptionId username password!"),
    _old("DCL", "username token!"),
    _old("DDC", "username password! url"),
    _old("TRIPUB", "username validityPeriod certificates! privateKey!"),
    _old("Docker", "username password! email", Need.CLI),
    _old("Private Docker Registry", "username password! email url", Need.CLI),
    _old("Docker Trusted Registry", "username password! email url", Need.CLI),
    _old("GCL", "projectName serviceAccountEmail credentialFile!", Need.CLI),
    _old("GCR", "JSON_key!", Need.CLI),
    _old("GKE", "JSON_key!", Need.CLI),
    _old(
        "KUBERNETES",
        "clusterAccessType masterKubeconfigContent! bastionKubeconfigContent! bastionHostIP"
        " bastionPrivateKey! bastionPublicKey",
        Need.CLI,
    ),
    _old("CLUSTER", "nodes[] publicKey privateKey!"),
    _old("Quay.io", "url username password! email accessToken!", Need.CLI),
    _old("artifactory", "username password! url", Need.CLI),
    _old("Slack", "webhookUrl! deliver-"),
    _old("hipchat", "token!"),
    _old("webhook", "project webhookURL! authorization! deliver-"),
    _old("pem-key", "key!", Need.KEY_FILES),
    _old("ssh-key", "publicKey privateKey!", Need.KEY_FILES),
    _old("Email", "Address"),
    _old("irc", ""),
    _old("Jenkins", "url username password!"),
)

CATALOGUE: Mapping[str, IntegrationType] = {known.master_name: known for known in (*_CURRENT, *_DEPRECATED)}


def _folded() -> dict[str, IntegrationType]:
    """Names without case; the first to claim one keeps it, so a current type goes before a deprecated one."""
    table: dict[str, IntegrationType] = {}
    for known in (*_CURRENT, *_DEPRECATED):
        table.setdefault(known.master_name.casefold(), known)
        table.setdefault(known.display.casefold(), known)
    return table


_EXACT = {known.master_name: known for known in _DEPRECATED} | {known.display: known for known in _CURRENT}
_EXACT |= {known.master_name: known for known in _CURRENT}
_FOLDED = _folded()


def find(word: str) -> IntegrationType | None:
    """The type of that masterName or display name. Spelled exactly it means just that (`KUBERNETES` the old type,
    `Kubernetes` the current one; a name that both bear, like `Slack`, the current one); else case does not matter."""
    return _EXACT.get(word) or _FOLDED.get(word.casefold())


def nearest_type(word: str) -> str:
    """`did you mean 'AWS IAM'?`, or an empty text."""
    return nearest(word, [name for known in _CURRENT for name in (known.master_name, known.display)])
