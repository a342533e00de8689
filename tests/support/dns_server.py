"""A name server on loopback, over UDP and TCP, that answers from a dictionary and can fail in every way a real one does."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Iterable[str]]
MOST_OVER_UDP = 512  # what is longer is cut off, so that it is asked again over TCP


class DnsServer:
    """Answers for everybody until it is stopped.

    Args:
        zone: Values as a zone file writes them, by name and type: {("example.com", "TXT"): ['"v=spf1 -all"']}.
    """

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone = {(name.lower(), kind): list(values) for (name, kind), values in (zone or {}).items()}
        self.broken: set[str] = set()  # SERVFAIL
        self.silent: set[str] = set()  # no answer at all
        self.asked: list[tuple[str, str]] = []
        self._udp, self._tcp = self._listen()
        self._threads = [threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True) for one in (self._udp, self._tcp)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> str:
        """Where it listens, as POSTWRIGHT_DNS_SERVERS has it."""
        return f"127.0.0.1:{self._udp.server_address[1]}"

    def set(self, name: str, kind: str, *values: str) -> None:
        """Say what stands at a name; nothing takes it away. Texts longer than 255 bytes are cut into several."""
        self.zone[name.lower(), kind] = [_quoted(one) if kind == "TXT" else one for one in values]

    def stop(self) -> None:
        """Listen no more."""
        for one in (self._udp, self._tcp):
            one.shutdown()
            one.server_close()
        for thread in self._threads:
            thread.join()

    def answer(self, raw: bytes, *, most: int = 65_535) -> bytes | None:
        """Return the answer to a question, None for silence."""
        query = dns.message.from_wire(raw)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif not self._fill(response, name, kind):
            response.set_rcode(dns.rcode.NXDOMAIN)
        wire = response.to_wire()
        if len(wire) > most:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC
            return short.to_wire()
        return wire

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> bool:
        """Add what stands at a name, following CNAMEs; return whether the name exists."""
        exists = any(known == name and values for (known, _), values in self.zone.items())
        values = self.zone.get((name, kind))
        if values:
            response.answer.append(dns.rrset.from_text(dns.name.from_text(name), 60, "IN", kind, *values))
        elif alias := self.zone.get((name, "CNAME")):
            response.answer.append(dns.rrset.from_text(dns.name.from_text(name), 60, "IN", "CNAME", *alias))
            self._fill(response, alias[0].rstrip(".").lower(), kind)
        return exists

    def _listen(self) -> tuple[socketserver.UDPServer, socketserver.ThreadingTCPServer]:
        server = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                raw, connection = self.request
                if (answer := server.answer(raw, most=MOST_OVER_UDP)) is not None:
                    connection.sendto(answer, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                (length,) = struct.unpack("!H", self.rfile.read(2))
                if (answer := server.answer(self.rfile.read(length))) is not None:
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)

        while True:  # the same port for both
            udp = socketserver.UDPServer(("127.0.0.1", 0), Udp)
            try:
                return udp, socketserver.ThreadingTCPServer(udp.server_address, Tcp)
            except OSError:
                udp.server_close()


@contextmanager
def serving(zone: Zone | None = None) -> Iterator[DnsServer]:
    """Yield a name server; it is stopped at the end."""
    server = DnsServer(zone)
    try:
        yield server
    finally:
        server.stop()


def dead_port() -> str:
    """Return an address where nobody answers: bound, but never read."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind(("127.0.0.1", 0))
    _KEPT.append(probe)
    return f"127.0.0.1:{probe.getsockname()[1]}"


_KEPT: list[socket.socket] = []


def _quoted(text: str) -> str:
    if text.startswith('"'):
        return text
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
