"""aws: a credentials file of the build for keys; a role needs none. `ecr` logs docker in."""

from __future__ import annotations

from runner.errors import SetupError
from runner.workspace.tools import docker
from runner.workspace.tools.model import Call, Part, Use

COMMAND = ("aws",)
CREDENTIALS = "aws/credentials"
ECR = "ecr"


def keys(use: Use) -> Part:
    return _with_keys(use, "accessKey", "secretKey", ecr=ECR in use.scopes)


def old_keys(use: Use) -> Part:
    return _with_keys(use, "aws_access_key_id", "aws_secret_access_key", ecr=ECR in use.scopes)


def old_registry(use: Use) -> Part:
    return _with_keys(use, "aws_access_key_id", "aws_secret_access_key", ecr=True)


def role(use: Use) -> Part:
    """The job has the credentials of its roles anyway, and each as a profile."""
    if ECR not in use.scopes:
        return Part(commands=(COMMAND,))
    return Part(commands=(COMMAND, docker.COMMAND), calls=(_login({}, use, use.integration.name),))


def _with_keys(use: Use, key_id: str, secret: str, *, ecr: bool) -> Part:
    region = use.setting("region")
    if not region:
        raise SetupError(f"{use.subject}: aws needs a region: write 'region' in its versionTemplate")
    key, hidden = use.field(key_id), use.field(secret)
    if not f"{key}{hidden}".isprintable():
        raise SetupError(f"{use.subject}: a key of aws is one line of printable characters")
    call = _login({"AWS_SHARED_CREDENTIALS_FILE": f"{use.place}/{CREDENTIALS}"}, use)
    return Part(
        commands=(COMMAND, docker.COMMAND) if ecr else (COMMAND,),
        files={CREDENTIALS: f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {hidden}\n"},
        variables={"AWS_SHARED_CREDENTIALS_FILE": f"{use.place}/{CREDENTIALS}", "AWS_SDK_LOAD_CONFIG": "1"},
        calls=(call,) if ecr else (),
        aws_region=region,
    )


def _login(environment: dict[str, str], use: Use, profile: str | None = None) -> Call:
    """`profile`: as an option it goes before keys in the environment, as a variable it would not."""
    region = use.setting("region")
    named = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}
    argv = ("aws", "ecr", "get-authorization-token", "--output=json", *([f"--profile={profile}"] if profile else []))
    return Call(argv=argv, environment={**environment, **named}, for_registry=True)
