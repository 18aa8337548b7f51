"""The exception tree: what went wrong, by who can mend it.

A script that exits 1 is not here: that is a build with status `failure`, a value. Whatever is raised from this tree
carries one complete sentence for the reader; everything that is not from this tree is a bug of ours.
"""

from __future__ import annotations


class RunnerError(Exception):
    """Something the user or the host must mend; the text is the sentence they read."""


class UsageError(RunnerError):
    """An argument, a setting or a file is not usable: mend it and call again (exit 2, nothing was run)."""


class NotFoundError(UsageError):
    """Something that was named is not there: look at the name."""


class ConflictError(UsageError):
    """What was named is there, but what was asked makes no sense as it stands now."""


class SetupError(RunnerError):
    """A build could not be prepared: no user command ran, the build ends with status `error`."""


class CredentialsError(SetupError):
    """AWS refused or could not give the credentials that a build needs: the sentence names role, caller and cure."""


class StoreError(RunnerError):
    """The store cannot be opened or written: the sentence names the file and what to do."""
