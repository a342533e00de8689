"""What a single message may be: everything that can be refused is refused when it is asked for, and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import orjson

from core.contacts.addresses import normalise
from core.errors import InvalidInput
from core.messages.request_models import Request
from core.providers.attaching import check_attachment
from core.providers.base import Attachment
from core.providers.mime import header_value

MOST_ATTACHMENTS = 20
ATTACHED_BYTES = 10 * 1024 * 1024
LONGEST_BODY = 500_000
_LONGEST_NAME, _LONGEST_SUBJECT, _LONGEST_HEADER = 200, 1_000, 900
_MOST_HEADERS = 20
_MOST_NOTES, _LONGEST_KEY, _LONGEST_NOTE = 20, 64, 500
_DATA_BYTES = 100_000
_OWN = re.compile(r"x-[a-z0-9-]{1,70}")
# Ours, and those by which providers take orders: some of them add recipients.
_TAKEN = re.compile(r"x-(postwright|smtpapi|mc-|mailgun-|pm-|ses-|msys|mj-|mailjet-|mailin-|sib-|mailersend|resend-|postal-|amazon-|sg-)")
_MESSAGE_IDS = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>(?: <[^<>\s@]{1,200}@[^<>\s@]{1,200}>)*")
_REFERRING = {"references": "References", "in-reply-to": "In-Reply-To"}


def checked(request: Request) -> Request:
    """Return a request with its addresses in their one spelling.

    Raises:
        InvalidInput: If anything in it can't be used; says what, without quoting it.
    """
    _check_text(request)
    _check_body(request)
    for what, value, longest in (
        ("The recipient’s name", request.to_name, _LONGEST_NAME),
        ("The sender’s name", request.from_name, _LONGEST_NAME),
        ("The subject", request.subject, _LONGEST_SUBJECT),
    ):
        if len(value) > longest:
            raise InvalidInput(f"{what} is longer than {longest} characters.", hint="Shorten it.")
        header_value(what, value)
    _check_attachments(request.attachments)
    _check_notes(request)
    headers = {_header_name(name): value for name, value in request.headers.items()}
    if len(headers) < len(request.headers):
        raise InvalidInput("A header is given twice.", hint="Give each once; capitals make no difference.")
    _check_headers(headers)
    return replace(
        request,
        headers=headers,
        to=_address("to", request.to, allows_utf8=True),
        from_email=_address("from", request.from_email),
        reply_to=_address("reply_to", request.reply_to) if request.reply_to else "",
    )


def _address(what: str, email: str, *, allows_utf8: bool = False) -> str:
    try:
        return normalise(email, allows_utf8=allows_utf8)
    except InvalidInput as error:
        raise InvalidInput(f"“{what}” can’t be used: {error.message}", hint=error.hint) from error


def _check_text(request: Request) -> None:
    try:
        request.fingerprint()
    except TypeError as error:
        raise InvalidInput("Something in it is not text that can be sent.", hint="Use UTF-8, and plain values in “data”.") from error


def _check_body(request: Request) -> None:
    if not request.subject.strip():
        raise InvalidInput("The subject is empty.", hint="Write one line that says what the mail is about.")
    given = bool(request.html or request.text)
    if (request.template is None) is not given:
        raise InvalidInput("Say either a template, or “html” or “text”.", hint="A template needs no body, and a body no template.")
    if given and request.data:
        raise InvalidInput("“data” goes with a template.", hint="Without one the body is sent as it is.")
    if max(len(request.html), len(request.text)) > LONGEST_BODY:
        raise InvalidInput(f"A body is longer than {LONGEST_BODY:,} characters.", hint="Attach what is long, or link to it.")
    if len(orjson.dumps(dict(request.data))) > _DATA_BYTES:
        raise InvalidInput(f"“data” is larger than {_DATA_BYTES // 1000} KB.", hint="Send what the template needs only.")


def _check_attachments(attachments: tuple[Attachment, ...]) -> None:
    if len(attachments) > MOST_ATTACHMENTS:
        raise InvalidInput(f"There are more than {MOST_ATTACHMENTS} attachments.", hint="Put them into one archive, or link to them.")
    if sum(len(each.data) for each in attachments) > ATTACHED_BYTES:
        raise InvalidInput(f"The attachments are larger than {ATTACHED_BYTES >> 20} MiB together.", hint="Link to large files instead.")
    for each in attachments:
        check_attachment(each.name, each.content_type)


def _header_name(name: str) -> str:
    return _REFERRING.get(name.lower(), name)


def _check_headers(headers: Mapping[str, str]) -> None:
    if len(headers) > _MOST_HEADERS or len({name.lower() for name in headers}) < len(headers):
        raise InvalidInput(f"There are more than {_MOST_HEADERS} headers, or one twice.", hint="Leave out what nobody reads.")
    for name, value in headers.items():
        own = _OWN.fullmatch(name.lower()) and not _TAKEN.match(name.lower())
        if not own and name not in _REFERRING.values():
            raise InvalidInput("A header can’t be set.", hint="You can set References, In-Reply-To and names that begin with X-.")
        header_value("A header", value)
        if not value.strip() or len(value) > _LONGEST_HEADER:
            raise InvalidInput(f"A header is empty or longer than {_LONGEST_HEADER} characters.", hint="Shorten it, or leave it out.")
        if not own and not _MESSAGE_IDS.fullmatch(value):
            raise InvalidInput(f"{name} holds something else than Message-IDs.", hint="It looks like <123@shop.example>.")


def _check_notes(request: Request) -> None:
    sizes = [len(tag) for tag in request.tags] + [len(key) for key in request.metadata]
    if len(request.tags) > _MOST_NOTES or len(request.metadata) > _MOST_NOTES or any(not 0 < size <= _LONGEST_KEY for size in sizes):
        raise InvalidInput(
            f"There can be {_MOST_NOTES} tags and {_MOST_NOTES} notes in “metadata”, each with a name of 1 to {_LONGEST_KEY} characters."
        )
    if any(len(value) > _LONGEST_NOTE for value in request.metadata.values()):
        raise InvalidInput(f"A note in “metadata” is longer than {_LONGEST_NOTE} characters.", hint="Keep it in your own books.")
