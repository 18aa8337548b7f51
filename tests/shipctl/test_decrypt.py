"""`shipctl decrypt`."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.shipctl.conftest import Answer, Inside, Job

OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
PIECE = 200


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


@pytest.fixture
def key_file(job: Job, key: rsa.RSAPrivateKey) -> Path:
    return _write_key(job.root / "secrets/00_sub", key)


def _encrypted(key: rsa.RSAPrivateKey, text: bytes) -> str:
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    return base64.encodebytes(b"".join(key.public_key().encrypt(piece, OAEP) for piece in pieces)).decode()


TEXTS = [b"secret", bytes(range(256)) * 2 + b"\n", b'$(touch pwned) "`\n']


@pytest.mark.parametrize("text", TEXTS, ids=["short", "three blocks", "hostile"])
def test_a_file_is_decrypted_with_the_subscriptions_key(
    job: Job, inside: Inside, key: rsa.RSAPrivateKey, key_file: Path, text: bytes
) -> None:
    name = "-in $(x)"
    job.write(name, _encrypted(key, text))
    said = (
        f"shippable_decrypt: Decrypting {name} using key {key_file}\n"
        f"shippable_decrypt: Decrypted {name} to {name}.decrypted\n"
    )
    for _ in range(2):
        assert inside("decrypt", name, SUBSCRIPTION_PRIVATE_KEY=str(key_file)) == Answer(0, said)
    made = job.root / f"{name}.decrypted"
    assert made.read_bytes() == text
    assert made.stat().st_mode & 0o777 == 0o600


def test_the_key_may_be_named(job: Job, inside: Inside, key: rsa.RSAPrivateKey, key_file: Path) -> None:
    job.write("f", _encrypted(key, b"x"))
    assert inside("decrypt", "f", "secrets/00_sub").out.startswith("shippable_decrypt: Decrypting f using key secrets/")
    assert (job.root / "f.decrypted").read_bytes() == b"x"


def test_a_missing_key_is_status_100(job: Job, inside: Inside) -> None:
    expected = (
        "shippable_decrypt: Decrypting f using key no/key\nshippable_decrypt: ERROR - Key file no/key not found\n"
    )
    assert inside("decrypt", "f", "no/key") == Answer(100, expected)
    assert inside("decrypt", "f", SUBSCRIPTION_PRIVATE_KEY="no/key") == Answer(100, expected)


REASONS = [
    ("not base64!", "it is not base64: "),
    ("secure: runner1.4edb970034458a99.AAAA\n", "it is a secure value: put it under 'secure' in the pipeline file"),
    ("", "it holds 0 bytes, which is no number of blocks of 256"),
    (base64.b64encode(b"x" * 255).decode(), "it holds 255 bytes, which is no number of blocks of 256"),
    (base64.b64encode(b"x" * 256).decode(), "the key does not fit, or "),
]


@pytest.mark.parametrize(("content", "reason"), REASONS)
def test_what_cannot_be_decrypted_is_one_sentence_and_writes_nothing(
    job: Job, inside: Inside, key_file: Path, content: str, reason: str
) -> None:
    job.write("f", content)
    answer = inside("decrypt", "f", key_file)
    assert answer.status == 1
    assert answer.err.startswith(f"shipctl decrypt: f cannot be decrypted: {reason}")
    assert answer.err.count("\n") == 1
    assert not (job.root / "f.decrypted").exists()


def test_a_missing_file_is_one_sentence(inside: Inside, key_file: Path) -> None:
    answer = inside("decrypt", "no-file", key_file)
    assert (answer.status, answer.err) == (1, "shipctl decrypt: no-file: No such file or directory\n")


def test_a_host_without_openssl_is_one_sentence(job: Job, inside: Inside, key_file: Path) -> None:
    job.write("f", "eA==")
    answer = inside("decrypt", "f", key_file, PATH=str(job.root))
    assert answer.status == 1
    assert "the command openssl is needed and is not on the PATH: install it on the host" in answer.err
