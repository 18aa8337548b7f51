"""Key pairs on the disk, and the keyring that reads them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from runner.errors import UsageError
from runner.pipeline.problems import Place
from runner.pipeline.sealed import Secure
from runner.sealing.box import seal
from runner.sealing.key_files import make_pair, only_public, pairs, read_public
from runner.sealing.keyring import Keyring, SealedError


def sealed(directory: Path, name: str = "default") -> Secure:
    text = str(seal(read_public(directory / f"{name}.pub"), {"TOKEN": "four-score"}))
    return Secure(text, Place("shippable.yml", 3, 20))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    directory = tmp_path / "deep" / "keys"
    make_pair(directory, "default", replace=False)
    return directory


def refusal(keyring: Keyring, secure: Secure) -> str:
    with pytest.raises(SealedError) as raised:
        keyring.open(secure)
    return str(raised.value)


def test_only_the_owner_can_read_a_private_key(keys: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (keys, *keys.iterdir())}
    assert modes == {"keys": 0o700, "default.key": 0o600, "default.pub": 0o644}


def test_a_pair_is_not_overwritten_unless_that_is_asked_for(keys: Path) -> None:
    before, secure = {path: path.read_bytes() for path in keys.iterdir()}, sealed(keys)
    with pytest.raises(UsageError, match=r"default\.key is there already: .* --name .* --replace"):
        make_pair(keys, "default", replace=False)
    assert {path: path.read_bytes() for path in keys.iterdir()} == before
    (keys / "default.key").unlink()
    with pytest.raises(UsageError, match=r"default\.pub is there already"):
        make_pair(keys, "default", replace=False)
    made = make_pair(keys, "default", replace=True)
    assert f"{keys} has default ({made.fingerprint})" in refusal(Keyring(keys), secure)


def test_what_was_encrypted_for_any_pair_that_is_there_is_decrypted(keys: Path) -> None:
    old = sealed(keys)
    make_pair(keys, "next", replace=False)
    new, keyring = sealed(keys, "next"), Keyring(keys)
    assert keyring.open(old)["TOKEN"].reveal() == keyring.open(new)["TOKEN"].reveal() == "four-score"
    assert len(keyring.secrets) == 2
    (keys / "default.key").unlink()
    assert refusal(Keyring(keys), old).startswith(
        "shippable.yml:3:20: this value cannot be decrypted: it was made for "
    )


def test_the_public_key_to_encrypt_with_is_the_only_one_or_must_be_named(keys: Path) -> None:
    assert only_public(keys) == keys / "default.pub"
    make_pair(keys, "next", replace=False)
    with pytest.raises(UsageError, match=r"several public keys are in .* \(default\.pub, next\.pub\): name one with"):
        only_public(keys)
    (keys / "default.pub").unlink()
    assert only_public(keys) == keys / "next.pub"
    with pytest.raises(UsageError, match="no public key is in /no/where: 'runner secrets keygen' makes a key pair"):
        only_public(Path("/no/where"))


def test_without_any_key_the_command_that_makes_one_is_named(keys: Path, tmp_path: Path) -> None:
    told = refusal(Keyring(tmp_path / "other keys"), sealed(keys))
    pair = pairs(keys)[0][0].fingerprint
    assert f"it was made for the key pair {pair}, and no private key is in {tmp_path}/other keys" in told
    assert f"make a pair to encrypt it anew for: runner secrets keygen --keys '{tmp_path}/other keys')" in told


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.chmod(0o640), "others can open it (mode 640); run: chmod 600 "),
        (lambda path: path.write_bytes(b"x"), "it is no private key that 'runner secrets keygen' makes"),
        (lambda path: path.write_bytes(other_kind()[0]), "it is a private key of another kind"),
        (lambda path: pipe_at(path), "this is not a file; a private key is needed here"),
    ],
)
def test_a_private_key_that_cannot_be_used_is_named_with_the_reason(keys: Path, spoil: object, sentence: str) -> None:
    secure = sealed(keys)
    assert callable(spoil)
    spoil(keys / "default.key")
    told = refusal(Keyring(keys), secure)
    assert f"no private key is in {keys}; not used: {keys}/default.key: " in told
    assert sentence in told


def test_a_public_key_that_cannot_be_used_is_named_with_the_reason(keys: Path) -> None:
    with pytest.raises(UsageError, match=r"default\.key cannot be used: it is a private key: name the public one"):
        read_public(keys / "default.key")
    with pytest.raises(UsageError, match="cannot be read: No such file or directory"):
        read_public(keys / "nothing.pub")
    (keys / "default.pub").write_bytes(other_kind()[1])
    with pytest.raises(UsageError, match="it is a public key of another kind"):
        read_public(keys / "default.pub")


def test_halves_of_different_pairs_under_one_name_are_told(keys: Path) -> None:
    make_pair(keys, "next", replace=False)
    (keys / "next.pub").replace(keys / "default.pub")
    found, refused = pairs(keys)
    assert [(pair.name, pair.public) for pair in found] == [("default", None), ("next", None)]
    assert len(refused) == 1
    assert "default.pub: it is not of the same pair as default.key" in refused[0]


def pipe_at(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def other_kind() -> tuple[bytes, bytes]:
    key = Ed25519PrivateKey.generate()
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
