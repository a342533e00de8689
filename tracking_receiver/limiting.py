"""How often somebody may ask. What is signed is never refused for where it comes from, and hits are not counted at all.

One-click unsubscribes of thousands of people come from a mailbox provider's few addresses, and a provider's reports of a
whole campaign from one: so a genuine token is limited by itself, and of reports only the refused ones count.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from core.contacts.addresses import mailbox_of
from tracking_receiver.places import is_nearby, network

PER_TOKEN = 60  # requests a minute with one genuine token: a reader needs few, and each is a line on the disk
PER_NETWORK = 600  # pages a minute that one network looks at
PER_STRANGER = 60  # requests a minute of one network with a token that is not ours, or none
PER_FORGER = 30  # refused reports a minute of one network to one connection
SIGN_UPS_PER_ADDRESS = 10  # an hour: each may send a mail to somebody who never asked for one
SIGN_UPS_PER_DAY = 20  # a day to one mailbox, by whatever spellings of its address: of each of them we know only that it is new
SIGN_UPS_PER_NETWORK = 60  # in ten minutes: a whole office may, one machine for thousands of addresses may not
_KEPT = 20_000


class Allowance:
    """So many a minute for each of a bounded number of names; whoever was quiet may take a minute's worth at once.

    In place of a minute it may be any other time.

    For each name only the moment is kept at which all that was taken is paid off (the generic cell rate algorithm).

    Args:
        per_minute: How many.
        monotonic: Seconds from an arbitrary start.
        seconds: In how long.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float], seconds: float = 60.0) -> None:
        self._cost, self._monotonic, self._seconds = seconds / per_minute, monotonic, seconds
        self._paid_off: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str) -> int:
        """Take one and return 0, or return in how many seconds there is one again; what is refused is not counted."""
        now = self._monotonic()
        paid_off = max(self._paid_off.get(name, now), now)
        over = paid_off + self._cost - now - self._seconds
        if over > 1e-9:
            return math.ceil(over)
        self._paid_off[name] = paid_off + self._cost
        self._paid_off.move_to_end(name)
        if len(self._paid_off) > _KEPT:  # rather too generous with those quiet for longest than out of memory
            self._paid_off.popitem(last=False)
        return 0

    def __len__(self) -> int:
        return len(self._paid_off)


class Limiter:
    """Says who has to wait, and how long. Counts in this process, for the event loop's thread alone.

    Addresses of this machine and of private networks are not limited as such: behind a proxy that does not say whom it
    speaks for, they would be everybody.

    Args:
        monotonic: Seconds from an arbitrary start; replaceable in tests.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tokens, self._networks = Allowance(PER_TOKEN, monotonic), Allowance(PER_NETWORK, monotonic)
        self._strangers, self._forgers = Allowance(PER_STRANGER, monotonic), Allowance(PER_FORGER, monotonic)
        self._addresses = Allowance(SIGN_UPS_PER_ADDRESS, monotonic, 3600.0)
        self._mailboxes = Allowance(SIGN_UPS_PER_DAY, monotonic, 24 * 3600.0)
        self._sign_ups = Allowance(SIGN_UPS_PER_NETWORK, monotonic, 600.0)

    def genuine(self, token: str, address: str, *, looks_only: bool) -> int:
        """Count a request with a genuine token and return how many seconds it has to wait, 0 for none.

        Args:
            token: The token.
            address: Who asks.
            looks_only: Whether it is for a page, which costs a look into the database; then the network counts too.
        """
        wait = self._tokens.take(token)
        return wait if wait or not looks_only or is_nearby(address) else self._networks.take(network(address))

    def stranger(self, address: str) -> int:
        """Count a request without a genuine token and return how many seconds it has to wait, 0 for none."""
        return 0 if is_nearby(address) else self._strangers.take(network(address))

    def forged(self, address: str, connection_key: str) -> int:
        """Count a report that was checked and refused, and return how many seconds its sender has to wait, 0 for none.

        Only to be asked after checking: a genuine report passes, whatever else came from the same place.
        """
        return self._forgers.take(f"{network(address)} {connection_key}")

    def visitor(self, address: str) -> int:
        """Count a look at a page that anybody may see, and return how many seconds to wait, 0 for none."""
        return 0 if is_nearby(address) else self._networks.take(network(address))

    def sign_up(self, email: str, address: str) -> int:
        """Count a sign-up that would be kept, and return how many seconds it has to wait, 0 for none.

        Args:
            email: Who is signed up, in the address's one spelling.
            address: Who does it.
        """
        wait = 0 if is_nearby(address) else self._sign_ups.take(network(address))
        mailbox = mailbox_of(email)
        return wait or self._addresses.take(mailbox) or self._mailboxes.take(mailbox)
