"""Looking at the DNS: whether each record is as it should be, what stands there, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.deliverability import dmarc, spf
from core.deliverability.dns import Look, are_public, host_of, is_address
from core.deliverability.models import DnsRecord, Finding, Need, Purpose, State
from core.deliverability.names import is_aligned, organisational
from core.deliverability.records import YOUR_ADDRESS, Setting
from core.deliverability.senders import GUIDES
from core.deliverability.tags import tags_of
from core.errors import Unavailable

_SHOWN = 500  # characters of a text somebody else wrote


def check(look: Look, record: DnsRecord, about: Setting) -> Finding:
    """Return what the DNS says about a record; one that can't be asked is unknown, never wrong.

    Args:
        look: The DNS.
        record: The record.
        about: What it belongs to.
    """
    try:
        found = _CHECKS[record.purpose](look, record, about)
    except Unavailable as error:
        found = _finding(record, State.UNKNOWN, says=error.message, fix=error.hint)
    return replace(found, found=tuple(one[:_SHOWN] for one in found.found[:10]))


def _finding(record: DnsRecord, state: State, found: tuple[str, ...] = (), says: str = "", fix: str = "") -> Finding:
    return Finding(record.key, state, found, says, fix)


def _check_spf(look: Look, record: DnsRecord, about: Setting) -> Finding:
    reading = spf.read(look, record.host)
    records = reading.records
    if not records:
        fix = "Add it, with the address your mail leaves from." if YOUR_ADDRESS in record.value else "Add the record as it stands here."
        return _finding(record, State.MISSING, says="There is no SPF record.", fix=fix)
    if len(records) > 1:
        says = f"There are {len(records)} SPF records. Receivers then use none of them."
        return _finding(record, State.WRONG, records, says, "Put them together into one.")
    if reading.broken:
        return _finding(record, State.WRONG, records, f"Receivers can’t use it: {reading.broken}.", "Correct the record.")
    if reading.lookups > spf.MOST_LOOKUPS:
        says = f"Reading it takes {reading.lookups} lookups. Receivers give up after {spf.MOST_LOOKUPS}, and it counts for nothing then."
        return _finding(record, State.WRONG, records, says, "Take out what no longer sends for you.")
    lacking = [one for one in about.mechanisms if not _is_allowed(look, reading, one)]
    if lacking and (record.need is not Need.REQUIRED or set(lacking) & set(about.needed_mechanisms)):
        says = f"It does not allow {' and '.join(lacking)}."
        found = _finding(record, State.WRONG, records, says, "Replace the record by the one that stands here; it keeps what is there.")
        return replace(found, facts={"enter": spf.merged(records[0], lacking)})
    return _good_spf(record, reading, lacking)


def _good_spf(record: DnsRecord, reading: spf.SpfReading, lacking: list[str]) -> Finding:
    if reading.ending in {"+all", "all"}:
        says = "It allows everybody in the world to send as you."
        return _finding(record, State.WRONG, reading.records, says, "End it with ~all.")
    says = f"It takes {reading.lookups} of {spf.MOST_LOOKUPS} lookups."
    if YOUR_ADDRESS in record.value:
        says = f"There is one. Whether it allows your mail server can’t be seen from here. {says}"
    if reading.void > spf.MOST_VOID:
        fix = f"{reading.void} of its lookups find nothing; some receivers give up after {spf.MOST_VOID}. Take them out."
    elif lacking:
        fix = f"It does not name {' and '.join(lacking)}. Whoever runs that server knows whether it has to."
    else:
        fix = "" if reading.ending else "End it with ~all, so that it says something about everybody else."
    return _finding(record, State.OK, reading.records, says, fix)


def _is_allowed(look: Look, reading: spf.SpfReading, mechanism: str) -> bool:
    """Return whether a record allows something by its name or by its addresses; what only a few can reach leaves by another address."""
    kind, _, value = mechanism.partition(":")
    if reading.allows(mechanism, (value,) if kind in {"ip4", "ip6"} else ()):
        return True
    addresses = look.addresses(value) if kind == "a" else ()
    return bool(addresses) and (reading.allows(mechanism, addresses) or not are_public(addresses))


def _check_dkim(look: Look, record: DnsRecord, about: Setting) -> Finding:
    if not record.host:
        return _check_foreign_key(look, record, about)
    records = tuple(text for text in look.txt(record.host) if "p" in tags_of(text))
    if not records:
        return _finding(record, State.MISSING, says="There is no such record.", fix="Add it as it stands here.")
    if len(records) > 1:
        return _finding(
            record, State.WRONG, records, f"There are {len(records)} records where one should be.", "Keep the one that stands here."
        )
    wanted, found = tags_of(record.value), tags_of(records[0])
    if not found["p"]:
        return _finding(record, State.WRONG, records, "It says that this key is revoked.", "Replace it by the record that stands here.")
    if found["p"] != wanted["p"] or found.get("k", "rsa") != wanted["k"]:
        is_cut = found["p"] != wanted["p"] and wanted["p"].startswith(found["p"])
        says = "The key is cut off; long texts must be entered in full." if is_cut else "It holds another key than the one we sign with."
        return _finding(record, State.WRONG, records, says, "Replace it by the record that stands here.")
    if "sha256" not in found.get("h", "sha256") or found.get("s", "*") not in {"*", "email"}:
        return _finding(record, State.WRONG, records, "It does not let the key sign email with SHA-256.", "Take h= and s= out of it.")
    if "y" in found.get("t", "").split(":"):
        return _finding(record, State.OK, records, "It is the key we sign with.", "Take t=y out: it says that you are only testing.")
    return _finding(record, State.OK, records, "It is the key we sign with.")


def _check_foreign_key(look: Look, record: DnsRecord, about: Setting) -> Finding:
    """Look for a provider's key where its keys usually are; only its own page knows for sure."""
    [kind] = record.expected
    for selector in GUIDES[kind].selectors if kind in GUIDES else ():
        host = f"{selector}._domainkey.{about.domain}"
        if any(tags_of(text).get("p") for text in look.txt(host)):
            return _finding(record, State.OK, (host,), "A key of it is there.")
    says = "Its keys were not found where they usually are. Its own page says whether this domain is verified."
    return _finding(record, State.UNKNOWN, says=says, fix=GUIDES[kind].signs if kind in GUIDES else "")


def _check_dmarc(look: Look, record: DnsRecord, about: Setting) -> Finding:
    owner = organisational(about.domain) or about.domain
    for domain in dict.fromkeys((about.domain, owner)):
        records = dmarc.dmarc_records(look.txt(f"_dmarc.{domain}"))
        if len(records) > 1:
            says = f"There are {len(records)} DMARC records at _dmarc.{domain}. Receivers then use none of them."
            return _finding(record, State.WRONG, records, says, "Keep one.")
        if records:
            return _policy(record, dmarc.read(records[0], is_inherited=domain != about.domain), records, domain)
    return _finding(record, State.MISSING, says="There is no DMARC record.", fix="Add the record as it stands here.")


def _policy(record: DnsRecord, policy: dmarc.Policy, records: tuple[str, ...], domain: str) -> Finding:
    if policy.broken:
        return _finding(record, State.WRONG, records, f"Receivers can’t use it: {policy.broken}.", "Correct the record.")
    where = f" It stands at _dmarc.{domain} and counts for all beneath it." if policy.is_inherited else ""
    found = _finding(record, State.OK, records, f"{dmarc.MEANING[policy.policy]}{where}", policy.advice)
    return replace(found, facts={"policy": policy.policy, "dkim": policy.dkim, "spf": policy.spf})


def _check_mx(look: Look, record: DnsRecord, _about: Setting) -> Finding:
    hosts = look.mx(record.host)
    if hosts == (".",):
        says = "It says that this domain takes no mail at all."
        return _finding(record, State.WRONG, ("0 .",), says, "Enter the server that holds your mailboxes.")
    if not hosts:
        says = "There is no MX record: replies to your mail come back to whoever wrote them."
        return _finding(record, State.MISSING, says=says, fix="Enter the server that holds your mailboxes.")
    lost = [host for host in hosts[:5] if not look.addresses(host)]
    if lost:
        return _finding(record, State.WRONG, hosts, f"{lost[0]} has no address.", "Correct the name of the server.")
    return _finding(record, State.OK, hosts, "Mail to it arrives.")


def _check_return_path(look: Look, record: DnsRecord, about: Setting) -> Finding:
    if not record.host:
        return _finding(record, State.UNKNOWN, says="Only the provider’s page knows.", fix=record.note)
    if record.type == "MX":
        return _check_mx(look, record, about)
    target = look.cname(record.host)
    hosts = (target,) if target else look.mx(record.host)
    if not hosts:
        return _finding(record, State.MISSING, says="Nothing stands there.", fix=record.note)
    if record.expected and not any(host == suffix or host.endswith(f".{suffix}") for host in hosts for suffix in record.expected):
        return _finding(record, State.WRONG, hosts, "It leads somewhere else than to your provider.", record.note)
    return _finding(record, State.OK, hosts, "It leads to your provider.")


def _check_tracking(look: Look, record: DnsRecord, about: Setting) -> Finding:
    host = host_of(about.public_url)
    if host != record.host:
        says = f"Links lead to {host}, which only a few can reach." if "." not in host else f"Links lead to the address {host}."
        if is_address(host) and not are_public((host,)):
            says = f"Links lead to {host}, which nobody else can reach."
        return _finding(record, State.MISSING, (about.public_url,), says, record.note)
    addresses = look.addresses(host)
    if not addresses:
        return _finding(record, State.MISSING, says=f"{host} has no address: no link and no picture works.", fix=record.note)
    if not are_public(addresses):
        says = "It leads to an address that only a few can reach."
        return _finding(record, State.WRONG, addresses, says, "Enter the public address of the receiver.")
    fix = "" if about.public_url.startswith("https:") else "Serve it by https: browsers warn of links without it."
    if not is_aligned(host, about.domain):
        fix = f"Links lead to another domain than {about.domain}. A host of the same domain looks better to spam filters. {fix}".strip()
    return _finding(record, State.OK, addresses, "It has an address.", fix)


_CHECKS: dict[Purpose, Callable[[Look, DnsRecord, Setting], Finding]] = {
    Purpose.SPF: _check_spf,
    Purpose.DKIM: _check_dkim,
    Purpose.DMARC: _check_dmarc,
    Purpose.MX: _check_mx,
    Purpose.RETURN_PATH: _check_return_path,
    Purpose.TRACKING: _check_tracking,
}
