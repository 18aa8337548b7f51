"""What AWS or the network said, as one sentence for the reader: what, why, and what next."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)

from runner.aws.trust import account_of, trust_statement
from runner.errors import CredentialsError

DENIED = frozenset({"AccessDenied", "AccessDeniedException"})

_PROVIDE = "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for the runner, or give its host a role"
_THROTTLED = "AWS answers too many calls just now (throttled, after several tries); start the job again later"
_EXPIRED = "the runner's own AWS credentials have expired; renew them (for example: aws sso login) and start again"
_UNKNOWN = f"AWS does not know the runner's own access key; {_PROVIDE}"
_SIGNATURE = "AWS rejects the signature: the runner's secret key is wrong, or the clock of this host is (see: date -u)"
_REASONS = {
    "Throttling": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidClientTokenId": _UNKNOWN,
    "UnrecognizedClientException": _UNKNOWN,
    "SignatureDoesNotMatch": _SIGNATURE,
    "InvalidSignatureException": _SIGNATURE,
    "RequestExpired": _SIGNATURE,
    "RegionDisabledException": "STS is not enabled there; choose another region, or enable this one in the account",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried. `role` is None for the question who the runner is, `caller` None where that is unknown."""

    region: str
    role: str | None = None
    external_id: str | None = None
    caller: str | None = None

    @property
    def purpose(self) -> str:
        return f"the role {self.role} cannot be assumed" if self.role else "the AWS identity cannot be read"


def denied(error: Exception) -> bool:
    return isinstance(error, ClientError) and _code(error) in DENIED


def refusal(error: BotoCoreError | ClientError, attempt: Attempt) -> CredentialsError:
    """The error to raise instead of `error`."""
    if isinstance(error, ClientError):
        return CredentialsError(_of_answer(error, attempt))
    return CredentialsError(f"{attempt.purpose}: {_of_failure(error, attempt)}")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(error: ClientError, attempt: Attempt) -> str:
    code = _code(error)
    if code in DENIED and attempt.role:
        return _of_denial(attempt)
    said = error.response.get("Error", {}).get("Message") or "without a reason"
    reason = _REASONS.get(code, f"AWS answered {code or 'with an error'}: {said}")
    return f"{attempt.purpose} (region {attempt.region}): {reason}"


def _of_denial(attempt: Attempt) -> str:
    """AWS does not say which side refused, so both are named where both are needed."""
    role = str(attempt.role)
    if attempt.caller is None:
        return f"AWS does not let the runner assume {role} (AccessDenied), nor say who the runner is"
    statement = trust_statement(attempt.caller, attempt.external_id)
    sentence = (
        f"AWS does not let {attempt.caller} assume {role} (AccessDenied); "
        f"the trust policy of the role needs this statement: {statement}"
    )
    if account_of(attempt.caller) != account_of(role):
        sentence += f" and, as the accounts differ, the caller's own policy must allow sts:AssumeRole on {role}"
    return sentence


def _of_failure(error: BotoCoreError, attempt: Attempt) -> str:
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return f"the runner itself has no AWS credentials; {_PROVIDE}"
        case ProfileNotFound():
            return f"{error}; correct AWS_PROFILE"
        case ConnectTimeoutError() | ReadTimeoutError():
            return f"{error.kwargs['endpoint_url']} does not answer in time; check network and proxy"
        case EndpointConnectionError():
            where = error.kwargs["endpoint_url"]
            return f"{where} cannot be reached; check the network and that '{attempt.region}' is a region of AWS"
        case HTTPClientError():
            return f"the connection to AWS failed ({error}); check network and proxy"
        case _:
            return str(error)
