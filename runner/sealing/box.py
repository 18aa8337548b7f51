"""Encrypting and decrypting: HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM.

A value has a key pair of its own, whose public half stands at its beginning, so it may be as long as it likes. Format
and fingerprint are bound to it: a value that says it was made for another pair cannot be decrypted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TypeAlias

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from runner.names import is_variable
from runner.pipeline.sealed import FINGERPRINT, PREFIX, Envelope
from runner.secret import Secret

Private: TypeAlias = X25519PrivateKey
Public: TypeAlias = X25519PublicKey

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def make_private() -> Private:
    return X25519PrivateKey.generate()


def private_pem(private: Private) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(public: Public) -> bytes:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_private_pem(content: bytes) -> Private:
    """Raises ValueError with what it is instead."""
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("it is no private key that 'runner secrets keygen' makes") from None
    if not isinstance(key, X25519PrivateKey):
        raise ValueError("it is a private key of another kind than 'runner secrets keygen' makes (X25519)")
    return key


def read_public_pem(content: bytes) -> Public:
    """Raises ValueError with what it is instead."""
    if b" PRIVATE KEY-----" in content:
        raise ValueError("it is a private key: name the public one (.pub)")
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it is no public key that 'runner secrets keygen' makes") from None
    if not isinstance(key, X25519PublicKey):
        raise ValueError("it is a public key of another kind than 'runner secrets keygen' makes (X25519)")
    return key


def fingerprint(public: Public) -> str:
    """The name of a key pair: the beginning of the SHA-256 of its public key (DER), in hexadecimal digits."""
    content = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(content).hexdigest()[:FINGERPRINT]


def seal(public: Public, variables: Mapping[str, str]) -> Envelope:
    """Encrypt variables by their names for the owner of the private key."""
    pair = fingerprint(public)
    plain = json.dumps(dict(variables), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
    return Envelope(pair, _SUITE.encrypt(plain, public, info=_info(pair)))


def unseal(private: Private, envelope: Envelope) -> Mapping[str, Secret]:
    """The variables. Raises ValueError with what is wrong with the value."""
    try:
        plain = _SUITE.decrypt(envelope.content, private, info=_info(envelope.pair))
    except InvalidTag:
        raise ValueError("it is damaged, or was not made by 'runner encrypt'") from None
    try:
        variables = json.loads(plain.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        variables = None
    if not isinstance(variables, dict) or not all(_is_pair(name, value) for name, value in variables.items()):
        raise ValueError("it holds no variables")
    return {name: Secret(value) for name, value in variables.items()}


def _is_pair(name: str, value: object) -> bool:
    return is_variable(name) and isinstance(value, str) and "\0" not in value


def _info(pair: str) -> bytes:
    return f"shippable-runner secure value {PREFIX} {pair}".encode()
