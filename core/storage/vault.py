"""Secrets at rest: encrypted with a key derived from the installation's secret key, so a copied database reveals none."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core.errors import Unavailable


class Vault:
    """Encrypts and decrypts short secrets (authenticated encryption, Fernet).

    Args:
        key: The installation's secret key.
        previous: Secret keys of before: they still open what they sealed, but seal nothing any more.
    """

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        self._current = _fernet(key)
        self._fernet = MultiFernet([self._current, *map(_fernet, previous)])

    def seal(self, secret: str) -> str:
        """Return the secret encrypted, as text."""
        return self._fernet.encrypt(secret.encode()).decode()

    def is_current(self, sealed: str) -> bool:
        """Return whether a secret opens with the key of now, without those of before."""
        try:
            self._current.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def open(self, sealed: str) -> str:
        """Return the secret.

        Raises:
            Unavailable: If it was sealed with another key or was changed.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unavailable(
                "A stored secret can't be read: the installation's secret key has changed.",
                hint="Restore `secret.key`, name the key of before in POSTWRIGHT_PREVIOUS_SECRET_KEYS, or enter the secret again.",
            ) from error


def _fernet(key: bytes) -> Fernet:
    derived = hashlib.blake2b(key, digest_size=32, person=b"postwright-vault").digest()
    return Fernet(base64.urlsafe_b64encode(derived))
