"""The certificates Amazon SNS signs with, and the only addresses anything is fetched from."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock, Semaphore

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from core.providers.webhooks import Forged, Undecided

# No user, no port, no query: other paths of this host answer with what somebody else may have put there.
_HOST = r"https://sns\.[a-z0-9]+(-[a-z0-9]+)+\.amazonaws\.com(\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/[A-Za-z0-9_-]+\.pem")
_CONFIRMATION = re.compile(_HOST + r"/\?Action=ConfirmSubscription&[A-Za-z0-9_.~%&=:+-]+")
_LONGEST_URL = 2_000
_LARGEST_ANSWER = 100_000
_TIMEOUT_SECONDS = 5
_KEPT = 16
_KEPT_FOR = timedelta(hours=24)
_SMALLEST_KEY = 2_048
_AT_ONCE = 2
_FAILED_FOR, _FAILED_KEPT = timedelta(seconds=60), 1_000

Fetch = Callable[[str], bytes]


def fetch(url: str) -> bytes:
    """Return what an address of Amazon SNS answers.

    Raises:
        OSError: If it is no such address, or does not answer as it should.
    """
    if not (is_certificate(url) or is_confirmation(url)):
        raise OSError("not an address of Amazon SNS")
    return answer_of(url)


def answer_of(url: str) -> bytes:
    """Return what an address answers; redirects are not followed.

    Raises:
        OSError: If it does not answer with 200, or not soon, or with too much.
    """
    # Only who takes reports of Amazon needs these, and they are megabytes.
    from http.client import HTTPException
    from urllib.request import HTTPRedirectHandler, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with build_opener(Stay()).open(url, timeout=_TIMEOUT_SECONDS) as answer:
            body: bytes = answer.read(_LARGEST_ANSWER + 1)
    except HTTPException as error:
        raise OSError(str(error)) from error
    if len(body) > _LARGEST_ANSWER:
        raise OSError("the answer is too large")
    return body


def is_certificate(url: str) -> bool:
    """Return whether Amazon SNS, and nobody else, has a certificate at an address."""
    return len(url) <= _LONGEST_URL and _CERTIFICATE.fullmatch(url) is not None


def is_confirmation(url: str) -> bool:
    """Return whether an address confirms a subscription at Amazon SNS, and is nobody else's."""
    return len(url) <= _LONGEST_URL and _CONFIRMATION.fullmatch(url) is not None


class Certificates:
    """Fetches certificates and keeps them for a day, so that a report costs one signature check.

    Anybody may name an address of Amazon's where nothing answers. So few are waited for at a time, and what could not be fetched
    is not tried again for a minute: those who check other reports go on.

    Args:
        fetch: Returns what an address answers; raises `OSError`.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._kept: OrderedDict[str, tuple[RSAPublicKey, datetime]] = OrderedDict()
        self._failed: OrderedDict[str, datetime] = OrderedDict()
        self._lock, self._waiting = Lock(), Semaphore(_AT_ONCE)

    def key(self, url: object, at: datetime) -> RSAPublicKey:
        """Return the key of a certificate.

        Args:
            url: Where a message says the certificate is.
            at: The time.

        Raises:
            Forged: If the address is not Amazon's, or what is there is no certificate that is valid now.
            Undecided: If it can't be fetched.
        """
        if not isinstance(url, str) or not is_certificate(url):
            raise Forged("its certificate is not Amazon's")
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and at < kept[1]:
            return kept[0]
        key, until = _read(self._fetched(url, at), at)
        with self._lock:
            self._kept[url] = key, min(until, at + _KEPT_FOR)
            self._kept.move_to_end(url)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return key

    def _fetched(self, url: str, at: datetime) -> bytes:
        with self._lock:
            failed_at = self._failed.get(url)
        if failed_at is not None and abs(at - failed_at) < _FAILED_FOR:
            raise Undecided("Amazon's certificate could not be fetched a moment ago")
        if not self._waiting.acquire(blocking=False):
            raise Undecided("other certificates of Amazon's are being waited for")
        try:
            return self._fetch(url)
        except OSError as error:
            with self._lock:
                self._failed[url] = at
                while len(self._failed) > _FAILED_KEPT:
                    self._failed.popitem(last=False)
            raise Undecided("Amazon's certificate could not be fetched") from error
        finally:
            self._waiting.release()


def _read(pem: bytes, at: datetime) -> tuple[RSAPublicKey, datetime]:
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except Exception as error:  # whatever is wrong with it, it proves nothing
        raise Forged("its certificate can't be read") from error
    if not certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc:
        raise Forged("its certificate is not valid now")
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise Forged("its certificate has no key of the right kind")
    return key, certificate.not_valid_after_utc
