"""Addresses as keyed hashes: who has the address and the secret key can tell whose it was, nobody else can.

HMAC-SHA-256 (RFC 2104) with a key derived for one purpose alone, so that a copied database can't be tried with lists of addresses.
Each workspace has hashes of its own: nobody can tell that two of them know the same person.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from core.errors import Unavailable


class KeyedHashes:
    """Makes them; those made with a secret key of before still count.

    Args:
        purpose: What they are for: the same address has another hash for each, so that what is kept for one tells nothing of another.
        key: The installation's secret key; without one nothing can be recognised.
        previous: Secret keys of before.
    """

    def __init__(self, purpose: bytes, key: bytes, previous: Sequence[bytes]) -> None:
        self._keys = [hashlib.blake2b(one, digest_size=32, person=purpose).digest() for one in dict.fromkeys((key, *previous)) if one]

    @property
    def is_keyed(self) -> bool:
        """Whether there is a key to hash with."""
        return bool(self._keys)

    def of(self, workspace_id: int, address: str) -> str:
        """Return an address's hash, made with the key of now.

        Raises:
            Unavailable: If there is no key.
        """
        return self.all(workspace_id, address)[0]

    def all(self, workspace_id: int, address: str) -> list[str]:
        """Return all hashes an address in its one spelling may be kept under, that of now first.

        Raises:
            Unavailable: If there is no key.
        """
        if not self._keys:
            raise Unavailable("Addresses can't be recognised without the installation's secret key.", hint="Restore the key.")
        said = f"{workspace_id}:{address}".encode("utf-8", "surrogatepass")
        return [hmac.digest(key, said, "sha256").hex() for key in self._keys]
