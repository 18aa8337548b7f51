"""The types of resources: what their content holds and where the older syntax puts it, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runner.pipeline.content_kinds import Cron, NameFilter, Parameters, SemanticVersion
from runner.pipeline.fields import Key, Keys, table
from runner.pipeline.kinds import Choice, Free, Listing, Table, Text, Truth, Whole, Words


class Section(StrEnum):
    """The older places of content."""

    POINTER = "pointer"
    SEED = "seed"
    VERSION = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One type. Its content stands in `versionTemplate`, or, older, divided into `pointer`, `seed` and `version`.

    `open`: keys beyond the tables are passed on without a word. `integration`: whether one must be named. Keys of the
    content that are `excluding` exclude each other, those `together` need each other, one of `either` must be there.
    """

    name: str
    doc: str
    pointer: Keys = field(default_factory=dict)
    seed: Keys = field(default_factory=dict)
    version: Keys = field(default_factory=dict)
    open: bool = False
    integration: bool = False
    excluding: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    either: tuple[str, ...] = ()

    @property
    def content(self) -> Keys:
        """What `versionTemplate` holds."""
        return {**self.pointer, **self.seed, **self.version}

    def section(self, section: Section) -> Keys:
        match section:
            case Section.POINTER:
                return self.pointer
            case Section.SEED:
                return self.seed
            case Section.VERSION:
                return self.version


def _text(name: str, doc: str, required: bool = False) -> Key[str]:
    return Key(name, Text(), doc, required)


_REGION = _text("region", "The region of the provider.")
_BASTION = Key("bastionHost", Table(), "The host over which the cluster is reached: address, user, keyIntegration.")
_PLACE: Keys = table(_REGION, _text("namespace", "The namespace."), _text("groupName", "The resource group."), _BASTION)
_FILTER = "Names with * as wildcard, in 'only' and 'except'."

_GIT_REPO: Keys = table(
    _text("sourceName", "The repository, as org/name.", required=True),
    _text("branch", "The one branch; excludes branches."),
    Key("branches", NameFilter(), _FILTER),
    Key("tags", NameFilter(), _FILTER),
    Key("buildOnCommit", Truth(), "Pushes make versions; true if absent."),
    Key("buildOnPullRequest", Truth(), "Pull requests make versions."),
    Key("buildOnPullRequestClose", Truth(), "Closed pull requests make versions."),
    Key("buildOnRelease", Truth(), "Releases make versions."),
    Key("buildOnTagPush", Truth(), "Tags make versions."),
    _text("buildOnComment", "A pattern for comments that make versions (Gerrit)."),
    Key("depth", Whole(1), "How many commits are fetched; all if absent."),
    Key("gitConfig", Words(), "Settings of git before the clone."),
)
_REPLICAS: Keys = table(
    Key("count", Whole(1), "How many copies run."),
    Key("minReplicas", Whole(0), "The fewest copies; together with maxReplicas."),
    Key("maxReplicas", Whole(1), "The most copies; together with minReplicas."),
    _text("autoScalingRole", "The role that scales."),
    Key("autoScalingPolicies", Listing(), "When copies are added or removed."),
    Key("metricAlarms", Listing(), "What is watched."),
)
_DOCKER_OPTIONS: Keys = table(
    Key("memory", Whole(0), "MiB."),
    Key("cpuShares", Whole(0), "The share of the processor."),
    Key("portMappings", Listing(), "Pairs of ports, host:container."),
    Key("labels", Free(), "Labels of the container."),
    Key("privileged", Truth(), "Whether the container is privileged."),
    Key("publishAllPorts", Truth(), "Whether all ports are published."),
    *(Key(name, Truth(), doc) for name, doc in {
        "attachStdin": "Whether standard input is attached.",
        "attachStdout": "Whether standard output is attached.",
        "attachStderr": "Whether standard error is attached.",
        "tty": "Whether there is a terminal.",
        "stdin": "Whether standard input stays open.",
        "stdinOnce": "Whether standard input is closed after the first client.",
        "networkDisabled": "Whether there is no network.",
        "readOnlyRootFilesystem": "Whether the root file system is read only.",
        "essential": "Whether the task ends with this container (Amazon ECS).",
    }.items()),
    *(Key(name, Free(), doc) for name, doc in {
        "links": "Containers that can be reached by name.",
        "volumes": "Directories of the host, as host:container.",
        "volumesFrom": "Containers whose volumes are mounted.",
        "logConfig": "The log driver: type and options.",
        "entryPoint": "The program that is run.",
        "cmd": "Its arguments.",
        "workingDir": "Where it is run.",
        "user": "Who it runs as.",
        "hostName": "The name of the container's host.",
        "domainName": "The domain of the container's host.",
        "ulimits": "Limits: name, soft and hard each.",
        "dnsServers": "Servers of names.",
        "dnsSearch": "Domains that are searched.",
        "extraHosts": "Further names of hosts.",
        "memorySwap": "MiB of memory and swap.",
        "memoryReservation": "MiB that are kept free.",
        "capAdd": "Capabilities that are added.",
        "capDrop": "Capabilities that are taken away.",
        "restartPolicy": "When it is started again.",
        "securityOptions": "Options of security modules.",
        "cGroupParent": "The control group it is in.",
        "pid": "Whose processes it sees.",
        "network": "The network it is in.",
        "devices": "Devices of the host.",
        "service": "Passed on to the service (Amazon ECS).",
        "taskDefinition": "Passed on to the task definition (Amazon ECS).",
        "pod": "Passed on to the pod (Kubernetes).",
        "deployment": "Passed on to the deployment (Kubernetes).",
    }.items()),
)  # fmt: skip

_ALL = (
    ResourceType(name="gitRepo", doc="A repository.", pointer=_GIT_REPO, excluding=("branch", "branches")),
    ResourceType(
        name="image",
        doc="An image of a registry.",
        pointer=table(
            _text("sourceName", "The repository of the image.", required=True),
            Key("isPull", Truth(), "Whether the image is pulled."),
        ),
        seed=table(_text("versionName", "The tag.", required=True)),
    ),
    ResourceType(name="dockerOptions", doc="How containers are run.", version=_DOCKER_OPTIONS, open=True),
    ResourceType(
        name="params",
        doc="Values that become variables.",
        version=table(Key("params", Parameters(), "The values by their names.", required=True)),
    ),
    ResourceType(
        name="replicas",
        doc="How many copies of a service run.",
        version=_REPLICAS,
        together=("minReplicas", "maxReplicas"),
        either=("count", "minReplicas"),
    ),
    ResourceType(
        name="time",
        doc="A clock.",
        seed=table(Key("interval", Cron(), "Cron with five fields, in UTC.", required=True)),
    ),
    ResourceType(
        name="version",
        doc="A semantic version.",
        seed=table(Key("versionName", SemanticVersion(), "The version to start from.", required=True)),
    ),
    ResourceType(name="trigger", doc="Starts jobs when its content changes.", open=True),
    ResourceType(name="syncRepo", doc="The repository of the files; a file may only add flags to it."),
    ResourceType(
        name="cluster",
        doc="Where services run.",
        pointer={**table(_text("sourceName", "The cluster's name at its provider.")), **_PLACE},
    ),
    ResourceType(
        name="notification",
        doc="Where messages go.",
        pointer=table(
            Key("method", Choice(("email", "irc")), "How, where no integration says it."),
            Key("recipients", Words(), "Addresses, channels or hosts.", required=True),
        ),
    ),
    ResourceType(
        name="loadBalancer",
        doc="A load balancer.",
        pointer={
            **table(
                _text("sourceName", "Its name or ARN."),
                _text("method", "Its kind."),
                _text("role", "The role that registers services."),
                _text("clusterName", "The cluster."),
            ),
            **_PLACE,
        },
        version=table(
            Key("ports", Listing(), "What it listens on: name, protocol, port, targetPort and nodePort each."),
            Key("selector", Table(), "What it sends to."),
            *(
                Key(name, Free(), "As Kubernetes has it.")
                for name in (
                    "clusterIP",
                    "externalIPs",
                    "sessionAffinity",
                    "loadBalancerIP",
                    "loadBalancerSourceRanges",
                    "externalName",
                )
            ),
        ),
        open=True,
    ),
    ResourceType(name="integration", doc="Gives an integration to jobs.", integration=True),
    ResourceType(
        name="file",
        doc="A file, as data.",
        pointer=table(_text("sourceName", "A URL, or repository and path.", required=True)),
        seed=table(_text("versionName", "A label.")),
    ),
    ResourceType(name="ciRepo", doc="A repository with a CI part; not configured in a file."),
    ResourceType(
        name="cliConfig",
        doc="Sets up command line tools.",
        pointer=table(
            _REGION,
            _text("clusterName", "The cluster."),
            _text("groupName", "The resource group."),
            Key("scopes", Words(), "What the tools are set up for."),
        ),
        integration=True,
    ),
    ResourceType(name="state", doc="Files that a job keeps."),
    ResourceType(name="externalCIServer", doc="Another CI system."),
    ResourceType(
        name="webhook",
        doc="An address that starts jobs.",
        pointer=table(_text("webhookKey", "The password of its callers.", required=True)),
    ),
)
RESOURCE_TYPES: Mapping[str, ResourceType] = {resource_type.name: resource_type for resource_type in _ALL}

DEAD_RESOURCES: Mapping[str, str] = {
    **dict.fromkeys(("ecsCluster", "gkeCluster", "dclCluster", "ddcCluster", "tripubCluster"), "use cluster"),
    "kickStart": "use trigger: jobs start when its content changes",
}
"""Types that are gone, and what took their place."""
