"""Keys for DKIM: made here, kept encrypted, and what of them is published."""

from __future__ import annotations

import base64
from enum import StrEnum

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.deliverability.dkim import Key
from core.errors import Unavailable

RSA_BITS = 2048  # RFC 8301: at least 1024, better 2048; longer ones fit into few DNS answers


class Algorithm(StrEnum):
    """What a key signs with, in the word of its DNS record (`k=`)."""

    RSA = "rsa"
    ED25519 = "ed25519"


def make(algorithm: Algorithm) -> Key:
    """Return a new private key."""
    return rsa.generate_private_key(65537, RSA_BITS) if algorithm is Algorithm.RSA else Ed25519PrivateKey.generate()


def to_text(key: Key) -> str:
    """Return a private key as text, for the vault."""
    raw = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return base64.b64encode(raw).decode()


def from_text(text: str) -> Key:
    """Return the private key of a text that `to_text` made.

    Raises:
        Unavailable: If it is none.
    """
    try:
        key = serialization.load_der_private_key(base64.b64decode(text, validate=True), None)
    except ValueError as error:
        raise Unavailable("A stored DKIM key can't be read.", hint="Make new keys for the domain.") from error
    assert isinstance(key, (RSAPrivateKey, Ed25519PrivateKey))
    return key


def published(key: Key) -> str:
    """Return the public half as it stands in `p=`: the bare key for Ed25519 (RFC 8463, 4), a SubjectPublicKeyInfo for RSA."""
    if isinstance(key, RSAPrivateKey):
        raw = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    else:
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()
