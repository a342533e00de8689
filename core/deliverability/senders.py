"""What carries the mail of a domain, and what that means for its records: each provider's names, from its own documentation."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.contacts.addresses import comparable, domain_of
from core.deliverability.dns import is_address
from core.deliverability.names import belongs_to
from core.providers.catalogue import CATALOGUE

DIRECT = "smtp"
# Mail services of offices: mail that is handed to them leaves with our return path, as from a server of one's own.
_OFFICES = frozenset({"google", "microsoft"})


@dataclass(frozen=True)
class Guide:
    """What a provider wants in the DNS of a domain it sends for.

    Args:
        spf: The part of the SPF record that allows it; "" where only the provider's own page knows.
        selectors: The names its DKIM keys usually have; empty where every account has others.
        return_path: What the host of the return path leads to (a name its CNAME or MX ends in); "" where that can't be known.
        signs: What to do so that it signs as the domain.
        bounces: What to do so that its return path is a host of the domain.
        returns_to_sender: Whether its return path is the very domain that is set up there.
    """

    spf: str = ""
    selectors: tuple[str, ...] = ()
    return_path: str = ""
    signs: str = "Add the DKIM records that its page shows for this domain."
    bounces: str = "Its page says whether the return path can be a host of yours, and which record that takes."
    returns_to_sender: bool = False


GUIDES: Mapping[str, Guide] = {
    "sendgrid": Guide(
        "include:sendgrid.net",
        ("s1", "s2"),
        "sendgrid.net",
        "In SendGrid, open Settings, Sender Authentication, and add the CNAME records it shows (s1._domainkey and s2._domainkey).",
        "Domain authentication in SendGrid also shows a CNAME for the return path (em and a number).",
    ),
    "mailgun": Guide(
        "include:mailgun.org",
        ("k1", "mx", "pic", "smtp", "mailo", "krs", "pdk1", "pdk2"),
        "mailgun.org",
        "In Mailgun, open Sending, Domain settings, DNS records, and add the DKIM record it shows.",
        "Mailgun’s return path is the sending domain you set up there, often mg. in front of yours.",
        returns_to_sender=True,
    ),
    "ses": Guide(
        "include:amazonses.com",
        (),
        "amazonses.com",
        "In Amazon SES, open Identities, your domain, Authentication, and add the three CNAME records of Easy DKIM.",
        "In Amazon SES, set a custom MAIL FROM domain: it shows an MX and an SPF record for that host.",
    ),
    "postmark": Guide(
        "include:spf.mtasv.net",
        ("pm",),
        "mtasv.net",
        "In Postmark, open Sender Signatures, DNS settings, and add the DKIM record it shows.",
        "Postmark’s return path is a CNAME to pm.mtasv.net, usually of the host pm-bounces.",
    ),
    "brevo": Guide(
        "include:spf.brevo.com",
        ("brevo1", "brevo2", "mail"),
        "brevo.com",
        "In Brevo, open Senders, domains, and add the records it shows (brevo1._domainkey and brevo2._domainkey).",
    ),
    "mailjet": Guide(
        "include:spf.mailjet.com",
        ("mailjet",),
        "mailjet.com",
        "In Mailjet, open Sender domains, Authenticate, and add the record mailjet._domainkey it shows.",
        "Mailjet’s return path is a CNAME to bnc3.mailjet.com, usually of the host bnc3.",
    ),
    "sparkpost": Guide(
        "include:sparkpostmail.com",
        (),
        "sparkpostmail.com",
        "In SparkPost, open Configuration, Domains, and add the DKIM record it shows (scph and a month).",
        "SparkPost’s bounce domain is a CNAME to sparkpostmail.com (eu.sparkpostmail.com in Europe).",
    ),
    "resend": Guide(
        "include:amazonses.com",
        ("resend",),
        "amazonses.com",
        "In Resend, open Domains, and add the record resend._domainkey it shows.",
        "Resend’s return path is the host send, with an MX and an SPF record that its page shows.",
    ),
    "mailersend": Guide("include:_spf.mailersend.net", ("mlsend2", "mlsend"), "mailersend.net"),
    "mandrill": Guide("include:spf.mandrillapp.com", ("mte1", "mte2"), "mandrillapp.com"),
    "google": Guide("include:_spf.google.com", ("google",)),
    "microsoft": Guide("include:spf.protection.outlook.com", ("selector1", "selector2")),
}
# Mail servers of providers, for connections that reach them by SMTP.
_RELAYS: Mapping[str, str] = {
    "sendgrid.net": "sendgrid",
    "mailgun.org": "mailgun",
    "amazonaws.com": "ses",
    "postmarkapp.com": "postmark",
    "mtasv.net": "postmark",
    "brevo.com": "brevo",
    "sendinblue.com": "brevo",
    "mailjet.com": "mailjet",
    "sparkpostmail.com": "sparkpost",
    "resend.com": "resend",
    "mailersend.net": "mailersend",
    "mandrillapp.com": "mandrill",
    "gmail.com": "google",
    "google.com": "google",
    "office365.com": "microsoft",
    "outlook.com": "microsoft",
}


@dataclass(frozen=True)
class Sender:
    """One thing that carries the mail of a domain.

    Args:
        label: What people call it.
        kind: The provider, "" for a mail server of one's own.
        by_smtp: Whether we hand mail over ourselves, and so sign it ourselves.
        host: The mail server, for one of one's own.
        bounces_to: The host its bounce address is at; "" where bounces come back to the From address.
    """

    label: str
    kind: str
    by_smtp: bool
    host: str = ""
    bounces_to: str = ""

    @property
    def guide(self) -> Guide:
        """What it wants in the DNS."""
        return GUIDES.get(self.kind, Guide())

    @property
    def is_own(self) -> bool:
        """Whether mail leaves it with our own return path: a mail server of one's own rather than a provider's."""
        return not self.kind or self.kind in _OFFICES

    @property
    def mechanism(self) -> str:
        """The part of an SPF record that allows it; "" where it can't be known from here."""
        if self.kind:
            return self.guide.spf
        if is_address(self.host):
            address = ipaddress.ip_address(self.host)
            return f"ip{address.version}:{address}" if address.is_global else ""
        return f"a:{self.host}" if "." in self.host and not belongs_to(self.host, "localhost") else ""


def sender_of(kind: str, settings: Mapping[str, Any]) -> Sender | None:
    """Return what carries the mail of a connection; None where nothing leaves through it.

    Args:
        kind: The connection's kind of provider.
        settings: What was entered for it.
    """
    known = CATALOGUE.get(kind)
    if known is None or not known.sends or kind == "outbox":
        return None
    if kind != DIRECT:
        return Sender(known.label, kind, by_smtp=False)
    host = str(settings.get("host", "")).lower().rstrip(".")
    relay = next((provider for suffix, provider in _RELAYS.items() if belongs_to(host, suffix)), "")
    label = f"{CATALOGUE[relay].label} by SMTP" if relay in CATALOGUE else f"the mail server {host}"
    return Sender(label, relay, by_smtp=True, host=host, bounces_to=domain_of(comparable(str(settings.get("return_path") or ""))))


def distinct(senders: Iterable[Sender | None]) -> tuple[Sender, ...]:
    """Return senders without repeats, in order, leaving out those that are none."""
    return tuple(dict.fromkeys(one for one in senders if one is not None))
