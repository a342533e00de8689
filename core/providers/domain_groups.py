"""Which recipients' domains stand behind the same mail servers, so that what one of them says counts for all."""

from __future__ import annotations

from functools import lru_cache

# One name per operator; a domain nobody lists is a group of its own, called like the domain.
GROUPS: dict[str, tuple[str, ...]] = {
    "gmail": ("gmail.com", "googlemail.com"),
    "microsoft": (
        "outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com", "outlook.de", "outlook.fr", "outlook.es", "outlook.it",
        "outlook.jp", "outlook.co.uk", "outlook.com.br", "hotmail.de", "hotmail.fr", "hotmail.es", "hotmail.it", "hotmail.co.uk",
        "hotmail.co.jp", "hotmail.be", "hotmail.nl", "hotmail.se", "hotmail.ca", "hotmail.com.br", "live.de", "live.fr", "live.it",
        "live.nl", "live.be", "live.co.uk", "live.ca", "live.com.au", "live.se", "live.dk", "live.no", "windowslive.com",
    ),
    "yahoo": (
        "yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "aim.com", "netscape.net", "verizon.net", "myyahoo.com", "yahoo.de",
        "yahoo.fr", "yahoo.es", "yahoo.it", "yahoo.co.uk", "yahoo.ca", "yahoo.com.br", "yahoo.com.au", "yahoo.com.mx", "yahoo.co.in",
        "yahoo.in", "yahoo.ie", "yahoo.se", "yahoo.pl", "aol.de", "aol.fr", "aol.co.uk",
    ),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "gmx": ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "gmx.fr", "gmx.co.uk", "web.de", "mail.com", "email.de"),
    "t-online": ("t-online.de", "magenta.de"),
    "orange": ("orange.fr", "wanadoo.fr"),
    "free": ("free.fr", "aliceadsl.fr"),
    "libero": ("libero.it", "virgilio.it", "iol.it", "inwind.it", "giallo.it", "blu.it"),
    "comcast": ("comcast.net", "xfinity.com"),
    "mail.ru": ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"),
    "yandex": ("yandex.ru", "yandex.com", "ya.ru", "yandex.by", "yandex.kz"),
    "proton": ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
    "qq": ("qq.com", "foxmail.com"),
    "netease": ("163.com", "126.com", "yeah.net"),
    "zoho": ("zoho.com", "zohomail.com"),
}  # fmt: skip

_GROUP_OF = {domain: group for group, domains in GROUPS.items() for domain in domains}


@lru_cache(maxsize=65_536)
def group_of_domain(domain: str) -> str:
    """Return the group of a domain: its operator's, or itself."""
    clean = domain.strip().rstrip(".").lower()
    return _GROUP_OF.get(clean, clean)


def domain_group(address: str) -> str:
    """Return the group of an address's domain."""
    return group_of_domain(address.rpartition("@")[2])


def group_named(text: str) -> str:
    """Return the group somebody means by a name or one of its domains, such as “gmail” or “googlemail.com”."""
    clean = text.strip().rstrip(".").lower().removeprefix("@")
    return clean if clean in GROUPS else group_of_domain(clean)
