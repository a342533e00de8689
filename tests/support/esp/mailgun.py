"""Mailgun's messages API: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages."""

from __future__ import annotations

import base64
import json
import re
from email import policy
from email.parser import BytesParser
from email.utils import parseaddr

from core.providers.mailgun.send import MailgunProvider
from tests.providers.contract import Rig
from tests.support.esp.server import GOOD_KEY, Call, Delivered, FakeService, Reply, one_header

DOMAIN = "shop.example"
_VARIABLE = re.compile(r"%recipient\.([A-Za-z0-9_:-]+)%")
Form = list[tuple[str, str | None, str, bytes]]


class FakeMailgun(FakeService):
    """Takes all of a request or nothing, and does not say who is to blame."""

    send_path = f"/v3/{DOMAIN}/messages"

    def error(self, status: int, message: str) -> Reply:
        return Reply(status, {"message": message})

    def answer(self, call: Call) -> Reply:
        wanted = base64.b64encode(f"api:{GOOD_KEY}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {wanted}":
            return Reply(401, "Forbidden")
        if not call.path.startswith("/v3/"):
            return Reply(200, "Mailgun Magnificent API")
        if call.path != self.send_path or call.method != "POST":
            return self.error(404, "Domain not found: elsewhere")
        form = _form(call)
        said = self._wrong(form)
        if said:
            return self.error(400, said)
        self.delivered += self._mails(form)
        return Reply(200, {"id": f"<mg{len(self.calls)}@{DOMAIN}>", "message": "Queued. Thank you."})

    def _wrong(self, form: Form) -> str:
        given = _texts(form)
        recipients = given.get("to", [])
        if not given.get("from"):
            return "from parameter is missing"
        if not recipients:
            return "to parameter is missing"
        if len(recipients) > 1000:
            return "to parameter: up to 1000 recipients"
        if not (given.get("text") or given.get("html")):
            return "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified"
        addresses = [parseaddr(one)[1] for one in recipients]
        if self.refuses & set(addresses) or not all("@" in one for one in addresses):
            return "to parameter is not a valid address. please check documentation"
        assert given["o:tracking"] == given["o:tracking-clicks"] == given["o:tracking-opens"] == ["no"], "links are rewritten"
        return ""

    def _mails(self, form: Form) -> list[Delivered]:
        given = _texts(form)
        recipients = given["to"]
        variables = json.loads(given["recipient-variables"][0]) if "recipient-variables" in given else None
        assert variables is not None or len(recipients) == 1, "everybody would see everybody's address"
        files = [(filename, kind, data) for name, filename, kind, data in form if name == "attachment"]
        return [self._mail(to, given, variables, tuple((str(one), kind, data) for one, kind, data in files)) for to in recipients]

    def _mail(self, to: str, given: dict[str, list[str]], variables: dict[str, dict[str, str]] | None, files: tuple) -> Delivered:
        name, address = parseaddr(to)

        def filled(name: str) -> str:
            text = given.get(name, [""])[0]
            return text if variables is None else replaced(text, variables.get(address, {}))

        headers = {name[2:]: one_header(filled(name)) for name in given if name.startswith("h:")}
        return Delivered(
            address,
            one_header(filled("from").replace('\\"', '"')),
            one_header(filled("subject")),
            filled("html"),
            filled("text"),
            headers,
            filled("v:pw_message"),
            files,
            name,
        )


def replaced(text: str, own: dict[str, str]) -> str:
    """Replace variables, again and again in what they brought in: Mailgun does not promise that it would not."""
    for _ in range(3):
        text = _VARIABLE.sub(lambda found: own.get(found[1], ""), text)
    return text


def _form(call: Call) -> Form:
    mail = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + call.headers["content-type"].encode() + b"\r\n\r\n" + call.body)
    found = []
    for part in mail.iter_parts():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = part.get_param("name", header="content-disposition")
        found.append((str(name), part.get_filename(), part.get_content_type(), data))
    return found


def _texts(form: Form) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, filename, _, data in form:
        if filename is None:
            given.setdefault(name, []).append(data.decode())
    return given


RIG = Rig(
    kind="mailgun",
    fake=FakeMailgun,
    connect=lambda url, key, timeout: MailgunProvider(key, DOMAIN, url, timeout=timeout),
    settings=lambda url: {"api_key": GOOD_KEY, "domain": DOMAIN, "api_url": url},
)
