"""The receiver's pages: small, self-contained, in light and dark, without a script and without a request elsewhere."""

from __future__ import annotations

from html import escape

Page = tuple[int, bytes]

STYLE = """
:root{color-scheme:light dark;--page:#f6f7fb;--card:#fff;--text:#1f2433;--soft:#5b6275;--line:#e2e5ee;--act:#4f46e5;--on:#fff}
@media(prefers-color-scheme:dark){:root{--page:#11131a;--card:#1a1d27;--text:#e6e8f0;--soft:#a3a9ba;--line:#2b2f3d;--act:#818cf8;--on:#11131a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px 16px;background:var(--page);color:var(--text);
font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{width:100%;max-width:460px;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:32px 28px}
.from{margin:0 0 4px;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
h1{margin:0 0 12px;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em}
p{margin:0 0 16px}p:last-child{margin-bottom:0}
button{width:100%;min-height:48px;margin:4px 0 16px;border:0;border-radius:10px;background:var(--act);color:var(--on);
font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid var(--act);outline-offset:3px}
.soft{color:var(--soft);font-size:.9rem}
"""


def ask_to_unsubscribe(workspace: str) -> Page:
    """Return the form: looking at it changes nothing, its button does."""
    who = f"from {escape(workspace)}" if workspace else "of this kind"
    return _page(
        200,
        "Unsubscribe?",
        f"<p>You will get no more marketing mail {who} at the address this message went to.</p>"
        '<form method="post"><input type="hidden" name="from" value="page"><button type="submit">Unsubscribe</button></form>'
        '<p class="soft">Changed your mind? Just close this page.</p>',
        workspace,
    )


def unsubscribed(workspace: str) -> Page:
    """Return the answer to an unsubscribe that is noted on disk."""
    who = escape(workspace) if workspace else "The sender"
    return _page(200, "You are unsubscribed", f"<p>{who} will not send you marketing mail any more.</p>", workspace)


def not_noted() -> Page:
    """Return the answer when something a person wants could not be put on disk."""
    return _page(503, "Please try again", "<p>We could not note your wish just now. Please try again in a few minutes.</p>")


def choices_noted() -> Page:
    """Return the answer to choices that are noted on disk while it can't be looked up what they come to."""
    return _page(200, "Your choices are noted", "<p>They count as soon as we can look them up, which is usually within minutes.</p>")


def broken_link() -> Page:
    """Return the answer to a token that is not ours."""
    return _page(
        404,
        "This link does not work",
        "<p>It may have been cut off on its way. Open the message again and use the link there.</p>",
    )


def no_form() -> Page:
    """Return the answer to the address of a form that is not there."""
    return _page(404, "There is no form here", "<p>It may have been taken away, or its address was cut off.</p>")


def lost_link() -> Page:
    """Return the answer to a genuine link whose destination is not known now."""
    return _page(404, "This link leads nowhere now", "<p>Its destination can't be found. Please try again in a minute.</p>")


def lost_message() -> Page:
    """Return the answer to a genuine link to a message that can't be shown."""
    return _page(404, "This message is gone", "<p>It can't be shown any more. The copy in your mailbox is still there.</p>")


def test_message() -> Page:
    """Return what the links of a test mail lead to that would need a real recipient."""
    return _page(200, "This was a test", "<p>In a real message this link works. A test belongs to nobody, so there is nothing to show.</p>")


def hidden_link() -> Page:
    """Return the answer to the link that people can't see."""
    return _page(200, "Nothing to see here", "<p>This link leads nowhere. Please use the ones you can see in the message.</p>")


def too_large() -> Page:
    """Return the answer to a body beyond the limit."""
    return _page(413, "That was too much", "<p>The request was larger than this page accepts. Nothing was changed.</p>")


def not_understood() -> Page:
    """Return the answer to a form that can't be read."""
    return _page(400, "Please try again", "<p>What was sent can't be read. Nothing was changed. Open the link in the message again.</p>")


def too_slow() -> Page:
    """Return the answer to a body that did not arrive in time."""
    return _page(408, "That took too long", "<p>The request did not arrive in time. Nothing was changed. Please try again.</p>")


def too_often() -> Page:
    """Return the answer to somebody who asks more often than a person does."""
    return _page(429, "Please wait a moment", "<p>This was asked too often in a short time. Please try again in a minute.</p>")


def not_here() -> Page:
    """Return the answer to an address that is not one of ours."""
    return _page(404, "Nothing is here", "<p>This address is only used by the links in messages.</p>")


def out_of_order() -> Page:
    """Return the answer to our own failure."""
    return _page(503, "Please try again", "<p>This did not work, and it is our fault. Please try again in a minute.</p>")


def _page(status: int, title: str, body: str, workspace: str = "") -> Page:
    sender = f'<p class="from">{escape(workspace)}</p>' if workspace else ""
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{STYLE}</style></head>'
        f"<body><main>{sender}<h1>{title}</h1>{body}</main></body></html>"
    )
    return status, document.encode()
