"""Secrets at rest: encrypted with a key derived from the installation's secret key, so a copied database reveals none."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from core.errors import Unavailable


class Vault:
    """Encrypts and decrypts short secrets (authenticated encryption, Fernet).

    Args:
        key: The installation's secret key.
    """

    def __init__(self, key: bytes) -> None:
        derived = hashlib.blake2b(key, digest_size=32, person=b"postwright-vault").digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, secret: str) -> str:
        """Return the secret encrypted, as text."""
        return self._fernet.encrypt(secret.encode()).decode()

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
                hint="Restore `secret.key` or enter the secret again.",
            ) from error
