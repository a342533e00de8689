"""What languages are called in English."""

from __future__ import annotations

from functools import lru_cache

_NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nb": "Norwegian", "nl": "Dutch",
    "pl": "Polish", "pt": "Portuguese", "pt-br": "Brazilian Portuguese", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


@lru_cache(maxsize=256)
def english_name(tag: str) -> str:
    """Return what a language is called in English, with its code where that says more; of one nobody knows, the code.

    Args:
        tag: The language (BCP 47), in any spelling.
    """
    language = tag.strip().lower().replace("_", "-")
    if language in _NAMES:
        return _NAMES[language]
    plain, _, rest = language.partition("-")
    name = _NAMES.get(plain) or _listed(plain)
    return f"{name} ({tag})" if name and rest else name or tag


def _listed(code: str) -> str:
    import pycountry  # half a second and some megabytes, for the few languages that need it

    found = pycountry.languages.get(alpha_2=code) if len(code) == 2 else pycountry.languages.get(alpha_3=code)
    return str(found.name) if found else ""
