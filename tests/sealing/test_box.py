"""What is encrypted comes back as it was, and nothing else ever does."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.sealed import FORM, Envelope, ForeignError, UnsealableError, envelope_of
from runner.sealing.box import fingerprint, make_private, seal, unseal

KEY = make_private()
SEALED = str(seal(KEY.public_key(), {"TOKEN": "four-score"}))
WRITTEN = str(Envelope("0123456789abcdef", bytes(60)))
OLD_KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
OLD = (
    "runner1.c30703c0c265fc4a.g-adgxfS2lzvS9W-Yz7EtIX0ADUPSfbqnw8Vx3H8d1oHa"
    "HGHoI3wXMV5qdJVcDFsDRxnO0QD0LZI9T5yBjQuenWUy9RhUqnbD8aO3b9TFdTxCVBjYk4"
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_variables_come_back_as_they_were(variables: dict[str, str]) -> None:
    text = str(seal(KEY.public_key(), variables))
    opened = unseal(KEY, envelope_of(text))
    assert {name: value.reveal() for name, value in opened.items()} == variables
    assert list(opened) == list(variables)
    assert re.fullmatch(r"runner1\.[0-9a-f]{16}\.[A-Za-z0-9_-]+", text)
    assert re.search(FORM, text)


def test_a_value_may_be_long_and_is_another_text_each_time() -> None:
    variables = {"CERTIFICATE": "0123456789abcde\n" * 65536}
    one, other = (str(seal(KEY.public_key(), variables)) for _ in range(2))
    assert one != other
    assert unseal(KEY, envelope_of(one))["CERTIFICATE"].reveal() == variables["CERTIFICATE"]


@given(st.integers(0, len(SEALED) - 1), st.characters(codec="ascii"))
def test_a_value_that_was_changed_is_refused(at: int, other: str) -> None:
    changed = SEALED[:at] + other + SEALED[at + 1 :]
    if "".join(changed.split()) == SEALED:
        return
    with pytest.raises(ValueError):
        unseal(KEY, envelope_of(changed))


def test_a_value_says_for_which_pair_it_is_and_cannot_say_another() -> None:
    envelope = envelope_of(SEALED)
    other = make_private()
    assert envelope.pair == fingerprint(KEY.public_key())
    with pytest.raises(ValueError, match="it is damaged, or was not made by 'runner encrypt'"):
        unseal(other, Envelope(fingerprint(other.public_key()), envelope.content))
    with pytest.raises(ValueError):
        unseal(KEY, Envelope(fingerprint(other.public_key()), envelope.content))


@given(st.text(max_size=60) | st.binary(max_size=90).map(lambda b: str(Envelope("0" * 16, b))))
def test_any_text_is_an_envelope_or_refused_with_what_to_do(text: str) -> None:
    try:
        read = str(envelope_of(text))
    except UnsealableError as error:
        read = error.hint and text
    assert "".join(read.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bm8gc2VjcmV0\n aGVyZQ==", "was encrypted by the platform, whose private key is gone"),
        ("TOKEN=abc", "is not encrypted"),
        (WRITTEN.replace("runner1", "runner2"), "is of format 2, which this version does not know"),
        (WRITTEN[:60], "is damaged"),
        (WRITTEN + "=", "is damaged"),
        (WRITTEN.replace(".", ".g", 1), "is damaged"),
    ],
)
def test_what_nothing_can_decrypt_is_told_apart(text: str, sentence: str) -> None:
    with pytest.raises(UnsealableError, match=sentence) as raised:
        envelope_of(text)
    assert isinstance(raised.value, ForeignError) is ("platform" in sentence)


def test_line_breaks_in_a_value_mean_nothing() -> None:
    folded = f"  {SEALED[:40]}\n    {SEALED[40:]}\n"
    assert envelope_of(folded) == envelope_of(SEALED)
    assert re.search(FORM, folded)


def test_what_was_encrypted_once_can_be_decrypted_by_every_later_version() -> None:
    opened = unseal(OLD_KEY, envelope_of(OLD))
    assert {name: value.reveal() for name, value in opened.items()} == {"TOKEN": "four-score", "B": 'ü\n"x"'}


@pytest.mark.parametrize("plain", [b"[]", b'{"A": 1}', b'{"1A": "x"}', b'{"A": "x\\u0000"}', b"\xff", b"[" * 100_000])
def test_what_holds_no_variables_is_refused(plain: bytes) -> None:
    pair = fingerprint(KEY.public_key())
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    info = f"shippable-runner secure value runner1 {pair}".encode()
    with pytest.raises(ValueError, match="it holds no variables"):
        unseal(KEY, Envelope(pair, suite.encrypt(plain, KEY.public_key(), info=info)))
