"""`shipctl decrypt`: a file that was encrypted with the public key of the subscription.

Its form is the platform's: base64 of blocks of 256 bytes, each encrypted with RSA-OAEP. The command `openssl` does the
arithmetic; the key stays in its file, the text in pipes.
"""

from __future__ import annotations

import binascii
import os
import shutil
import subprocess
import tempfile

from runner.shipctl.console import complain, say
from runner.shipctl.replacing import replace_file

BLOCK = 256
"""Bytes of one encrypted block."""
OURS = b"runner1."
"""What a secure value of this runner begins with; a dot is in no base64."""
NO_KEY = 100
PRIVATE = 0o600


def run(arguments: list[str]) -> int:
    """Write `<FILE>.decrypted`, anew each time, for the job's user alone. Exit status 100 without the key, 1 where
    the file cannot be decrypted; then nothing is written."""
    source = arguments[0]
    key = arguments[1] if len(arguments) > 1 and arguments[1] else _default_key()
    say(f"shippable_decrypt: Decrypting {source} using key {key}")
    if not os.path.isfile(key):
        say(f"shippable_decrypt: ERROR - Key file {key} not found")
        return NO_KEY
    with open(source, "rb") as file:
        text = file.read()
    try:
        plain = decrypted(text, key)
    except ValueError as reason:
        complain(f"shipctl decrypt: {source} cannot be decrypted: {reason}")
        return 1
    replace_file(f"{source}.decrypted", plain, PRIVATE)
    say(f"shippable_decrypt: Decrypted {source} to {source}.decrypted")
    return 0


def _default_key() -> str:
    """The subscription's key as the job has it, else where the platform's images had it."""
    if path := os.environ.get("SUBSCRIPTION_PRIVATE_KEY"):
        return path
    places = [f"{tempfile.gettempdir()}/{name}" for name in ("ssh/00_sub", "00_sub")]
    return next((place for place in places if os.path.isfile(place)), places[0])


def decrypted(text: bytes, key: str) -> bytes:
    """The plain text. Raises ValueError with the reason."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ValueError("the command openssl is needed and is not on the PATH: install it on the host")
    if OURS in text:
        raise ValueError(
            "it is a secure value: put it under 'secure' in the pipeline file, where the runner decrypts it"
        )
    try:
        data = binascii.a2b_base64(b"".join(text.split()), strict_mode=True)
    except binascii.Error as error:
        raise ValueError(f"it is not base64: {error}") from None
    if not data or len(data) % BLOCK:
        raise ValueError(f"it holds {len(data)} bytes, which is no number of blocks of {BLOCK}")
    words = [openssl, "pkeyutl", "-decrypt", "-inkey", os.path.abspath(key), "-passin", "pass:"]
    words += ["-pkeyopt", "rsa_padding_mode:oaep"]
    return b"".join(_block(words, data[start : start + BLOCK]) for start in range(0, len(data), BLOCK))


def _block(words: list[str], block: bytes) -> bytes:
    done = subprocess.run(words, input=block, capture_output=True, check=False)
    if done.returncode:
        raise ValueError("the key does not fit, or it is no RSA key in PEM form without a pass phrase")
    return done.stdout
