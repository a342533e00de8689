"""Which records a domain should have, in the order one sets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.deliverability.dns import host_of, is_address
from core.deliverability.keys import Algorithm
from core.deliverability.models import Checked, DkimKey, DnsRecord, Need, Purpose, State
from core.deliverability.names import belongs_to, is_aligned
from core.deliverability.senders import Sender

# Stands where only the person knows the address; it can't be taken for a real one.
YOUR_ADDRESS = "ip4:ADDRESS-OF-YOUR-MAIL-SERVER"
_TO_COMPLETE = "; Put the address in that your mail server sends from, then take the semicolon away:\n"
_TEXT_LIMIT = 255  # bytes of one string in a TXT record (RFC 1035, 3.3.14)
_DMARC_WHY = "Tells receivers what to do with mail that only claims to be from you, and where to send reports. Bulk senders need one."


@dataclass(frozen=True)
class Setting:
    """What the records of a domain depend on.

    Args:
        domain: The domain in the From address.
        return_path: The host of the domain at which a provider takes bounces; "" for none.
        senders: What carries its mail.
        keys: Its DKIM keys.
        public_url: Where the receiver is reached from outside: the host of tracked links.
    """

    domain: str
    return_path: str
    senders: tuple[Sender, ...]
    keys: tuple[DkimKey, ...]
    public_url: str

    @property
    def signs(self) -> bool:
        """Whether we sign its mail ourselves: what leaves by SMTP, or will, where nothing is set up yet."""
        return not self.senders or any(one.by_smtp for one in self.senders)

    @property
    def bounce_hosts(self) -> tuple[str, ...]:
        """Where bounces of mail come back to that leaves with a return path of ours."""
        if not self.senders:
            return (self.domain,)
        return tuple(dict.fromkeys(one.bounces_to or self.domain for one in self.senders if one.is_own))

    @property
    def bounces_to_itself(self) -> bool:
        """Whether bounces come to the domain of the From address."""
        return self.domain in self.bounce_hosts

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """What its SPF record must allow, as far as that is known."""
        return tuple(dict.fromkeys(one.mechanism for one in self.senders if one.mechanism))

    @property
    def needed_mechanisms(self) -> tuple[str, ...]:
        """Those without which SPF fails: of whatever leaves with a return path of this domain.

        A mail server of somebody else may hand mail on to others before it leaves; only who runs it knows what to allow.
        """
        return tuple(one.mechanism for one in self.senders if one.mechanism and self._is_sure(one))

    def _is_sure(self, one: Sender) -> bool:
        if one.kind:
            return one.is_own or one.guide.returns_to_sender
        return is_address(one.host) or is_aligned(one.host, self.domain)


def records_of(about: Setting) -> tuple[DnsRecord, ...]:
    """Return the records a domain should have."""
    return (*_spf(about), *_dkim(about), _dmarc(about), _mx(about), *_return_path(about), _tracking(about))


def zone_text(value: str) -> str:
    """Return a text as a zone file has it: in quotes, cut into strings of at most 255 bytes."""
    pieces = [value[start : start + _TEXT_LIMIT] for start in range(0, len(value), _TEXT_LIMIT)]
    escaped = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
    return " ".join(f'"{piece}"' for piece in escaped)


def zone_file(records: Iterable[Checked]) -> str:
    """Return what is not in the DNS yet as lines of a zone file, as far as its value is known.

    What is wrong is left out: it has to be replaced, and a second record beside it would be wrong too. What still lacks an
    address is a comment that says so: published as it is, it would forbid that server to send.
    """
    new = [one.record for one in records if one.record.value and one.state in (None, State.MISSING)]
    return "".join(f"{_TO_COMPLETE}; {_zone_line(one)}" if YOUR_ADDRESS in one.value else _zone_line(one) for one in new)


def _zone_line(one: DnsRecord) -> str:
    return f"{one.host}.\t3600\tIN\t{one.type}\t{_zone_value(one)}\n"


def _zone_value(one: DnsRecord) -> str:
    if one.type == "TXT":
        return zone_text(one.value)
    return f"10 {one.value}." if one.type == "MX" else f"{one.value}."


def _spf(about: Setting) -> list[DnsRecord]:
    needs = {host: Need.REQUIRED for host in about.bounce_hosts}
    needs.setdefault(about.domain, Need.RECOMMENDED)
    unknown = [one.label for one in about.senders if not one.mechanism]
    allowed = (*about.mechanisms, YOUR_ADDRESS) if unknown or not about.senders else about.mechanisms
    note = "A domain has one SPF record only: if there is one, add what is missing to it."
    if unknown or not about.senders:
        whom = ", ".join(unknown) or "your connection"
        note = f"What to allow for {whom} can’t be known from here: put its address on the internet in, or what its page tells you. {note}"
    why = "Says which servers may send for this domain. Receivers look at the domain bounces go to."
    value = " ".join(["v=spf1", *allowed, "~all"])
    return [DnsRecord(Purpose.SPF, "TXT", host, value, need, "SPF", why, note, about.mechanisms) for host, need in needs.items()]


def _dkim(about: Setting) -> list[DnsRecord]:
    own = [_own_key(about.domain, key) for key in _published(about.keys)] if about.signs else []
    return own + [_key_of(one) for one in about.senders if not one.is_own]


def _published(keys: Sequence[DkimKey]) -> list[DkimKey]:
    """Return the keys whose records must be there: those that sign or will; the RSA ones first."""
    wanted = [key for key in keys if key.retired_at is None]
    return sorted(wanted, key=lambda key: (key.algorithm is not Algorithm.RSA, -key.id))


def _own_key(domain: str, key: DkimKey) -> DnsRecord:
    is_rsa = key.algorithm is Algorithm.RSA
    why = "Lets receivers check our signature: that the message is yours and unchanged."
    more = "Every receiver knows RSA." if is_rsa else "Ed25519 is shorter and newer; receivers that don’t know it go by the RSA one."
    return DnsRecord(
        Purpose.DKIM,
        "TXT",
        f"{key.selector}._domainkey.{domain}",
        f"v=DKIM1; k={key.algorithm}; p={key.public_key}",
        Need.REQUIRED if is_rsa else Need.RECOMMENDED,
        f"DKIM, {'RSA' if is_rsa else 'Ed25519'}",
        f"{why} {more}",
        "Mail is signed with a key as soon as a check has found its record." if key.confirmed_at is None else "",
    )


def _key_of(sender: Sender) -> DnsRecord:
    return DnsRecord(
        Purpose.DKIM,
        "CNAME",
        "",
        "",
        Need.OPTIONAL if sender.by_smtp else Need.RECOMMENDED,
        f"DKIM of {sender.label}",
        f"Lets {sender.label} sign as your domain rather than as its own.",
        sender.guide.signs,
        (sender.kind,),
    )


def _dmarc(about: Setting) -> DnsRecord:
    value = f"v=DMARC1; p=none; rua=mailto:dmarc@{about.domain}"
    note = "Begin with p=none, read the reports for some weeks, then go on to p=quarantine and p=reject."
    return DnsRecord(Purpose.DMARC, "TXT", f"_dmarc.{about.domain}", value, Need.REQUIRED, "DMARC", _DMARC_WHY, note)


def _mx(about: Setting) -> DnsRecord:
    why = "Where mail to this domain goes: replies" + (", and bounces, which come back to the sender." if about.bounces_to_itself else ".")
    need = Need.REQUIRED if about.bounces_to_itself else Need.RECOMMENDED
    note = "Enter the server that holds your mailboxes; your mail host’s page names it."
    return DnsRecord(Purpose.MX, "MX", about.domain, "", need, "MX", why, note)


def _return_path(about: Setting) -> list[DnsRecord]:
    others = [one for one in about.senders if not one.is_own]
    own = [_bounce_host(host) for host in about.bounce_hosts if host != about.domain]
    if not others:
        return own
    if about.return_path:
        return [*own, _bounce_host_of(about.return_path, others)]
    why = "Bounces go to the provider’s own domain unless it is told otherwise; SPF then proves that domain, not yours."
    same = (Purpose.RETURN_PATH, "CNAME", "", "", Need.OPTIONAL)
    return own + [DnsRecord(*same, f"Return path of {one.label}", why, one.guide.bounces, (one.kind,)) for one in others]


def _bounce_host(host: str) -> DnsRecord:
    why = "Where bounces go: the bounce address of your connection. A host of its own keeps them apart from people’s mail."
    note = "Enter the server that holds the mailbox for bounces."
    return DnsRecord(Purpose.RETURN_PATH, "MX", host, "", Need.REQUIRED, "Return path", why, note)


def _bounce_host_of(host: str, providers: Sequence[Sender]) -> DnsRecord:
    why = "Where your provider takes bounces. As a host of your domain it makes SPF prove your domain, not the provider’s."
    note = " ".join(dict.fromkeys(one.guide.bounces for one in providers))
    targets = tuple(dict.fromkeys(one.guide.return_path for one in providers if one.guide.return_path))
    return DnsRecord(Purpose.RETURN_PATH, "CNAME", host, "", Need.RECOMMENDED, "Return path of your provider", why, note, targets)


def _tracking(about: Setting) -> DnsRecord:
    host = host_of(about.public_url)
    why = "The host of the links in your mail. Links to a host of your own domain look less like somebody else’s mail."
    note = "It leads to the machine the receiver runs on; POSTWRIGHT_PUBLIC_URL names it."
    if is_address(host) or "." not in host:
        note = f"Point links.{about.domain} to the receiver, then set POSTWRIGHT_PUBLIC_URL to https://links.{about.domain}."
        host = f"links.{about.domain}"
    elif not belongs_to(host, about.domain):
        note = f"{note} It may be a CNAME to that machine, or its address."
    return DnsRecord(Purpose.TRACKING, "A", host, "", Need.RECOMMENDED, "Links", why, note, (about.public_url,))
