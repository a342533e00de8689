"""Every check of an email by itself, in the order in which findings are shown. None asks a network or a database: all are over at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from core.preflight import foreign, images, links, looks, must_haves, size, words
from core.preflight.emails import Email
from core.preflight.findings import Finding

Check = Callable[[Email], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    *(must_haves.unsubscribe_link, must_haves.postal_address),
    *(words.subjects, words.preview),
    *(links.links, foreign.fields),
    *(images.addresses, images.alternatives, images.widths, images.only_images),
    *(looks.contrasts, looks.dark_contrasts, looks.letters, looks.tables),
    size.clipping,
    *(words.shouting, words.exclaiming, words.phrases),
)
# Those that can find an error: what a launch runs again, whatever was looked at before.
BLOCKING: tuple[Check, ...] = (must_haves.unsubscribe_link, must_haves.postal_address, words.subjects, links.links)


# So many findings of one check say enough; those that block are all told.
_MOST = 50


def run(email: Email, checks: tuple[Check, ...] = CHECKS) -> Iterator[Finding]:
    """Yield what is found."""
    for check in checks:
        yield from check(email) if check in BLOCKING else islice(check(email), _MOST)
