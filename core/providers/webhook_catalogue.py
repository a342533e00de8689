"""Every kind of provider that reports what became of mail; light, because the receiver reads it."""

from __future__ import annotations

from core.providers.brevo.webhook import WEBHOOK as BREVO
from core.providers.generic.webhook import WEBHOOK as GENERIC
from core.providers.mailgun.webhook import WEBHOOK as MAILGUN
from core.providers.mailjet.webhook import WEBHOOK as MAILJET
from core.providers.postmark.webhook import WEBHOOK as POSTMARK
from core.providers.sendgrid.webhook import WEBHOOK as SENDGRID
from core.providers.ses.webhook import WEBHOOK as SES
from core.providers.webhooks import WebhookKind

WEBHOOKS: dict[str, WebhookKind] = {
    "sendgrid": SENDGRID,
    "mailgun": MAILGUN,
    "ses": SES,
    "postmark": POSTMARK,
    "brevo": BREVO,
    "mailjet": MAILJET,
    "generic": GENERIC,
}
