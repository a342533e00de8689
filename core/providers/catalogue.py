"""Every kind of provider there is, with what a person has to enter for it."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.brevo.kind import KIND as BREVO
from core.providers.generic.kind import KIND as GENERIC
from core.providers.mailersend.kind import KIND as MAILERSEND
from core.providers.mailgun.kind import KIND as MAILGUN
from core.providers.mailjet.kind import KIND as MAILJET
from core.providers.mandrill.kind import KIND as MANDRILL
from core.providers.outbox.kind import KIND as OUTBOX
from core.providers.postal.kind import KIND as POSTAL
from core.providers.postmark.kind import KIND as POSTMARK
from core.providers.resend.kind import KIND as RESEND
from core.providers.sendgrid.kind import KIND as SENDGRID
from core.providers.ses.kind import KIND as SES
from core.providers.smtp.kind import KIND as SMTP
from core.providers.sparkpost.kind import KIND as SPARKPOST

__all__ = ["CATALOGUE", "OUTBOX"]

_SENDING = (OUTBOX, SMTP, SENDGRID, MAILGUN, SES, POSTMARK, BREVO, MAILJET, SPARKPOST, RESEND)
_REPORTING = (MAILERSEND, MANDRILL, POSTAL)

CATALOGUE: dict[str, ProviderKind] = {kind.kind: kind for kind in (*_SENDING, *_REPORTING, GENERIC)}
