"""Every kind of problem by its code. The page docs/problems.md explains each one.

`E…`: something cannot be used as it stands; `W…`: a warning or a hint. The first digit tells what it is about: 1 files
and syntax, 2 names and references, 3 jobs and steps, 4 resources, 5 integrations, 6 the CI part, 9 what shellcheck
finds in scripts. A code keeps its meaning for ever; one that is no longer told is not used again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """A code, with one line of what it means."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    UNREADABLE = "E101", "a file or directory cannot be read"
    NO_PIPELINE_FILE = "E102", "a directory holds no pipeline file"
    TOO_LARGE = "E103", "a file is too large to be a pipeline"
    NOT_TEXT = "E104", "a file is not UTF-8 text"
    NOT_YAML = "E105", "the text is not YAML"
    CONTROL_CHARACTER = "E106", "a character that YAML forbids"
    TOO_DEEP = "E107", "lists and mappings stand too deep inside each other"
    TOO_MANY_ALIASES = "E108", "aliases stand for too many values"
    UNKNOWN_TAG = "E109", "a value starts with '!'"
    KEY_NOT_TEXT = "E110", "a key that is a list or a mapping"
    DUPLICATE_KEY = "E111", "a key stands twice in one mapping"
    WRONG_MERGE = "E112", "'<<' that brings in no mapping"
    SECOND_DOCUMENT = "E113", "more than one document in a file"
    NOT_A_PIPELINE = "E114", "a file that is no mapping of sections"
    MISSPELT_SECTION = "E115", "a section of the file is misspelt"
    WRONG_VALUE = "E116", "a value of the wrong kind, or out of its range"
    MISSPELT_KEY = "E117", "a key is misspelt"
    MISSING_KEY = "E118", "a key that must be there is missing"
    WRONG_ENTRY = "E119", "an entry of a section that is no mapping"
    WRONG_SECURE = "E120", "a secure value that is damaged, or not encrypted"
    NOT_DECRYPTED = "E121", "a secure value that cannot be decrypted"
    WRONG_REFERENCE = "E122", "an external reference that is no public https address"
    REFERENCE_NOT_HAD = "E123", "an external reference that cannot be had"
    REFERENCE_CHANGED = "E124", "an external reference that is not what it was"
    WRONG_LOCK = "E125", "a shippable.lock that cannot be read or written"
    TOO_MANY_VALUES = "E126", "a file holds too many values"
    SECTION_NOT_COUNTED = "W101", "a section that does not count in a file of this name"
    OTHER_LANGUAGE = "W103", "a file of another language"
    UNKNOWN_SECTION = "W104", "a key that may have been meant as a section"
    REFERENCES_NOT_FETCHED = "W105", "external references that are not fetched where a file is only looked at"
    UNKNOWN_KEY = "W106", "a key that nothing reads"
    OLD_SPELLING = "W107", "an older way to write something"
    USELESS_IGNORE = "W108", "a comment that ignores a code has nothing to ignore"
    WRONG_IGNORE = "W109", "a comment that ignores what cannot be ignored"
    FOREIGN_SECURE = "W110", "a secure value that the platform encrypted"
    OTHER_KEY_PAIR = "W111", "a secure value whose key pair is not here"
    TWIN_FILE = "W112", "a file beside one that counts in its place"
    REFERENCE_NOT_KEPT = "W113", "an external reference that cannot be kept"

    UNDEFINED_ALIAS = "E201", "an alias that nothing defines"
    ALIAS_IN_ITSELF = "E202", "an alias inside what it names"
    DUPLICATE_NAME = "E203", "a name is used twice"
    WRONG_NAME = "E204", "a text that cannot be a name"
    UNDEFINED_NAME = "E205", "an input, output or notification that nothing defines"
    NOT_A_NOTIFICATION = "E206", "NOTIFY names something else"
    NOT_A_VARIABLE = "E207", "a text that cannot be the name of a variable"
    TYPE_CHANGED = "E208", "a name has become another type than before"
    NAMELESS_VARIABLES = "W201", "a name that gives its variables no name of their own"
    UNSAFE_NAME = "W202", "a name with a space or a dot"
    SHARED_VARIABLES = "W203", "two names that share their variables"
    UNUSABLE_KEY = "W204", "a parameter that cannot become a variable"
    UNUSED_RESOURCE = "W205", "a resource that no job uses"
    UNKNOWN_VARIABLE = "W206", "a script uses a variable that no input provides"

    UNKNOWN_JOB_TYPE = "E301", "a type of job that does not exist"
    DEAD_JOB_TYPE = "E302", "a type of job that is gone"
    NO_SCRIPT = "E303", "a job or a TASK without a script"
    NOT_A_STEP = "E304", "a step without IN, TASK or OUT"
    SEVERAL_VERBS = "E305", "one step that holds several"
    TWO_PINS = "E306", "an input that is pinned twice"
    EMPTY_SCRIPT = "E307", "a script or one of its entries is empty"
    SCRIPT_NOT_TEXT = "E308", "a script entry that is not text"
    WRONG_TASK = "E309", "a TASK that its type of job does not take"
    UNKNOWN_LIMIT = "E310", "a limit that does not exist"
    SCRIPT_SYNTAX = "E311", "a script that bash cannot parse"
    MISSING_INPUT = "E312", "a managed job lacks an input that it needs"
    CI_JOB_NAME = "E313", "a runCI job that is not named after a repository"
    NOT_PINNABLE = "E314", "a pin of a repository that has none"
    JOB_NOT_RUN = "W301", "a type of job that cannot run yet"
    LOOP = "W302", "jobs that start each other for ever"
    JOB_AS_OUTPUT = "W303", "an output that is a job"
    REPLICATE = "W304", "replicate that copies nothing, or the wrong thing"
    NOTIFY_STEP = "W305", "NOTIFY as a step"
    APPLY_TO = "W306", "applyTo that means nothing"
    IGNORED_SCRIPT = "W307", "a script that is ignored"
    CONTAINER = "W308", "a container that is not started"
    NOTIFICATIONS = "W309", "a notification that nothing is sent to"
    NODE_POOL = "W310", "a node pool in a local run"
    MEANINGLESS_OPTION = "W311", "an option that means nothing where it stands"
    UNUSED_OPTION = "W312", "an option that nothing uses yet"
    GATE = "W314", "a job that only people start"
    NEVER_STARTED = "W315", "a job that no change of its inputs starts"
    EMPTY_OUTPUT = "W316", "an output of which a job has nothing to publish"
    OPEN_HERE_DOCUMENT = "W317", "a here-document that its script entry does not end"

    UNKNOWN_RESOURCE_TYPE = "E401", "a type of resource that does not exist"
    DEAD_RESOURCE_TYPE = "E402", "a type of resource that is gone"
    TWO_SYNTAXES = "E403", "old and new syntax in one resource"
    MISSING_CONTENT = "E404", "something that a resource of this type needs is missing"
    EXCLUDING_KEYS = "E405", "keys that exclude or need each other"
    WRONG_CRON = "E406", "not a cron expression"
    WRONG_VERSION = "E407", "not a semantic version"
    NO_PARAMETERS = "E408", "params without a key"
    RESOURCE_NOT_READ = "W401", "a type of resource that cannot be an input yet"
    NO_CLOCK = "W403", "a clock in a local run"
    NO_WEBHOOK = "W404", "a webhook in a local run"
    UNKNOWN_CONTENT = "W405", "content that resources of this type do not have"
    WRONG_ARN = "W406", "not an ARN"

    REFUSED_FILE = "E501", "a file of integrations that is not read"
    UNDEFINED_INTEGRATION = "E502", "an integration that does not exist"
    NOT_INTEGRATIONS = "E503", "a file of integrations that is no list of entries"
    INCOMPLETE_ENTRY = "E504", "an integration without name or type"
    WRONG_INTEGRATION_NAME = "E505", "a text that cannot name an integration"
    UNKNOWN_INTEGRATION_TYPE = "E506", "a type of integration that does not exist"
    DUPLICATE_INTEGRATION = "E507", "an integration or a field is given twice"
    WRONG_FIELD_VALUE = "E508", "a field that is neither text nor a reference"
    MISSING_FIELD = "E509", "a field that must be there is missing"
    WRONG_FIELD_TEXT = "E510", "a text that its field cannot have"
    UNKNOWN_FIELD = "W502", "a field that this type of integration does not have"
    FIELD_NOT_GIVEN = "W503", "a script uses a field that its integration does not give"

    BESIDE_GLOBAL = "E601", "a key of env beside global and matrix"
    WRONG_VARIABLES = "E602", "a text of env that sets nothing"
    LARGE_MATRIX = "E603", "a matrix with too many items"
    CI_NOT_COUNTED = "W601", "a CI part in a file in which none counts"
    NO_LANGUAGE = "W602", "a CI part without a language"
    OLD_CI_KEY = "W603", "a key of an older syntax of the CI part"
    VERSIONS = "W604", "versions of a language, which are not switched"
    OTHER_VERSIONS = "W605", "versions of another language"
    EMPTY_COMBINATION = "W606", "an entry of the matrix that means no item"
    SETS_NOTHING = "W607", "a word of env that sets nothing"
    SERVICE = "W608", "a service that is not started"
    PUSH = "W609", "images that are not pushed"
    CI_INTEGRATION = "W610", "an integration of the CI part that nothing is done with"

    SHELLCHECK_ERROR = "W901", "an error that shellcheck finds"
    SHELLCHECK_WARNING = "W902", "a warning of shellcheck"
    SHELLCHECK_INFO = "W903", "a remark of shellcheck"
    SHELLCHECK_STYLE = "W904", "a matter of style to shellcheck"

    @property
    def ignorable(self) -> bool:
        """Whether a comment on the line can ignore it: an error cannot be."""
        return self.value.startswith("W")
