"""Every kind of provider there is, with what a person has to enter for it."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.brevo.kind import KIND as BREVO
from core.providers.generic.kind import KIND as GENERIC
from core.providers.mailgun.kind import KIND as MAILGUN
from core.providers.mailjet.kind import KIND as MAILJET
from core.providers.outbox.kind import KIND as OUTBOX
from core.providers.postmark.kind import KIND as POSTMARK
from core.providers.sendgrid.kind import KIND as SENDGRID
from core.providers.ses.kind import KIND as SES
from core.providers.smtp.kind import KIND as SMTP

__all__ = ["CATALOGUE", "OUTBOX"]

_REPORTING = (SENDGRID, MAILGUN, SES, POSTMARK, BREVO, MAILJET)

CATALOGUE: dict[str, ProviderKind] = {kind.kind: kind for kind in (OUTBOX, SMTP, *_REPORTING, GENERIC)}
