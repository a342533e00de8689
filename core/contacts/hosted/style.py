"""The one style of sign-up forms and of the page of choices: light and dark, from 320 pixels on, in the colour of the form."""

from __future__ import annotations

import base64
import hashlib

_STYLE = """
:root{color-scheme:light dark;--page:#f6f7fb;--card:#fff;--text:#1f2433;--soft:#5b6275;--line:#d5d9e4;--edge:#868da0;--bad:#b42318;
--act:%(accent)s;--on:%(on)s}
@media(prefers-color-scheme:dark){:root{--page:#11131a;--card:#1a1d27;--text:#e6e8f0;--soft:#a3a9ba;--line:#2b2f3d;--edge:#7c8396;--bad:#f97066}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px 16px;background:var(--page);color:var(--text);
font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{width:100%%;max-width:480px;min-width:0;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:32px 28px}
main,legend,label{overflow-wrap:anywhere}
.from{margin:0 0 4px;color:var(--soft);font-size:.9rem}
h1{margin:0 0 12px;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em}
p{margin:0 0 16px}p:last-child{margin-bottom:0}
.lines{white-space:pre-line}
.soft{color:var(--soft);font-size:.9rem}
form{margin:0}
.field{margin:0 0 18px}
.field>label:not(.tick),legend{display:block;margin:0 0 6px;padding:0;font-weight:600;font-size:.95rem}
label .soft{font-weight:400}
input[type=email],input[type=text],input[type=date]{display:block;width:100%%;min-height:48px;padding:10px 12px;
border:1px solid var(--edge);border-radius:10px;background:var(--card);color:var(--text);font:inherit}
[aria-invalid=true]{border-color:var(--bad)!important}
.bad{margin:6px 0 0;color:var(--bad);font-size:.9rem}
.note{margin:0 0 18px;padding:12px 14px;border:1px solid var(--line);border-inline-start:4px solid var(--act);border-radius:10px}
.note.wrong{border-inline-start-color:var(--bad)}.note p{margin:0}
fieldset{margin:0 0 20px;padding:0;border:0;min-width:0}
.tick{display:grid;grid-template-columns:24px 1fr;gap:2px 12px;align-items:start;padding:10px 0;cursor:pointer}
.tick input{width:22px;height:22px;margin:2px 0 0;accent-color:var(--act)}
.tick .soft{grid-column:2;line-height:1.45;white-space:pre-line}
button{width:100%%;min-height:48px;margin:4px 0 0;padding:10px 16px;border:1px solid var(--line);border-radius:10px;background:var(--act);
color:var(--on);font:inherit;font-weight:600;cursor:pointer;overflow-wrap:anywhere}
button.quiet{background:transparent;color:var(--text);border-color:var(--edge)}
hr{margin:24px 0;border:0;border-top:1px solid var(--line)}
:is(button,input):focus-visible{outline:3px solid var(--text);outline-offset:2px}
.trap{position:absolute;left:-9999px;width:1px;height:1px;overflow:hidden}
@media(max-width:420px){main{padding:24px 18px}}
"""
DEFAULT_ACCENT = "#4f46e5"


def style(accent: str = DEFAULT_ACCENT) -> str:
    """Return the style in a colour; what stands on it is black or white, whichever is read better."""
    return _STYLE % {"accent": accent, "on": "#ffffff" if _luminance(accent) < 0.19 else "#11131a"}


def style_hash(sheet: str) -> str:
    """Return what allows a style in a page's policy, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()}'"


def _luminance(accent: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2); below 0.19 white is read better on it than near black."""
    parts = [int(accent[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
