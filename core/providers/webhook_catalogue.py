"""Every kind of provider whose reports are read; light, because the receiver reads it."""

from __future__ import annotations

from core.providers.brevo.webhook import WEBHOOK as BREVO
from core.providers.generic.webhook import WEBHOOK as GENERIC
from core.providers.mailersend.webhook import WEBHOOK as MAILERSEND
from core.providers.mailgun.webhook import WEBHOOK as MAILGUN
from core.providers.mailjet.webhook import WEBHOOK as MAILJET
from core.providers.mandrill.webhook import WEBHOOK as MANDRILL
from core.providers.postal.webhook import WEBHOOK as POSTAL
from core.providers.postmark.webhook import WEBHOOK as POSTMARK
from core.providers.resend.webhook import WEBHOOK as RESEND
from core.providers.sendgrid.webhook import WEBHOOK as SENDGRID
from core.providers.ses.webhook import WEBHOOK as SES
from core.providers.smtp.bounces import read as read_mail
from core.providers.sparkpost.webhook import WEBHOOK as SPARKPOST
from core.providers.webhooks import Reader, WebhookKind

WEBHOOKS: dict[str, WebhookKind] = {
    "sendgrid": SENDGRID,
    "mailgun": MAILGUN,
    "ses": SES,
    "postmark": POSTMARK,
    "brevo": BREVO,
    "mailjet": MAILJET,
    "sparkpost": SPARKPOST,
    "resend": RESEND,
    "mailersend": MAILERSEND,
    "mandrill": MANDRILL,
    "postal": POSTAL,
    "generic": GENERIC,
}

# Those that report by mail. They have no door: what reads their mailbox writes to the journal itself. Anybody can write to a
# mailbox, so what is read there counts only where it names one of our messages by its key.
READ_FROM_MAIL: dict[str, Reader] = {"smtp": read_mail}


def reader_of(provider: str) -> Reader | None:
    """Return what reads the reports of a kind of provider, None if there is no such kind."""
    kind = WEBHOOKS.get(provider)
    return kind.read if kind is not None else READ_FROM_MAIL.get(provider)
