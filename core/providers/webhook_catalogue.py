"""Every kind of provider that reports what became of mail; light, because the receiver reads it."""

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
from core.providers.sparkpost.webhook import WEBHOOK as SPARKPOST
from core.providers.webhooks import WebhookKind

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
