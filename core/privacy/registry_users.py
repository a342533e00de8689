"""Where the database holds something about the people who work here; erasing a contact leaves it alone."""

from __future__ import annotations

from core.privacy.registry_words import Place, Whose

_WHOSE = Whose.USERS
_ACCOUNT = "As long as the account."
_SIGN_IN = "To let the right people in."

USERS: tuple[Place, ...] = (
    Place(
        "people",
        "Accounts: address, name, how they prove who they are",
        _WHOSE,
        _SIGN_IN,
        _ACCOUNT,
        personal="id email name password_hash failed_attempts locked_until last_seen_at totp_secret totp_enabled_at "
        "totp_last_step created_at",
        plain="",
    ),
    Place(
        "memberships",
        "What they may do where",
        _WHOSE,
        _SIGN_IN,
        _ACCOUNT,
        "person_id role role_id disabled_at",
        "workspace_id is_limited created_at",
    ),
    Place("membership_lists", "The lists they are limited to", _WHOSE, _SIGN_IN, _ACCOUNT, "person_id list_id", "workspace_id"),
    Place(
        "roles", "Roles of the workspace's own", Whose.NOBODY, _SIGN_IN, "Until deleted.", "", "id workspace_id name permissions created_at"
    ),
    Place(
        "invitations",
        "Who was invited",
        _WHOSE,
        _SIGN_IN,
        "For ever, as a record of who let whom in.",
        personal="email name invited_by accepted_at cancelled_at",
        plain="id workspace_id token_hash role role_id list_ids created_at expires_at",
    ),
    Place(
        "password_resets", "Links for a new password", _WHOSE, _SIGN_IN, "An hour.", "person_id token_hash used_at", "created_at expires_at"
    ),
    Place("recovery_codes", "Codes for a lost phone, hashed", _WHOSE, _SIGN_IN, _ACCOUNT, "person_id code_hash used_at", ""),
    Place("identities", "Who they are at an identity provider", _WHOSE, _SIGN_IN, _ACCOUNT, "issuer subject person_id", "created_at"),
    Place(
        "used_assertions",
        "Sign-ins of an identity provider that were used",
        Whose.NOBODY,
        _SIGN_IN,
        "Minutes.",
        "",
        "assertion_hash expires_at",
    ),
    Place(
        "throttles",
        "Failed tries to sign in, by network and account",
        _WHOSE,
        "To hold guessers back.",
        "A day.",
        "key failures last_at locked_until",
        "",
    ),
    Place(
        "sessions",
        "Who is signed in, from which network and browser",
        _WHOSE,
        _SIGN_IN,
        "Until some time after they ended.",
        personal="person_id token_hash last_seen_at revoked_at ip user_agent",
        plain="id workspace_id created_at expires_at kind",
    ),
    Place(
        "session_tickets", "Sign-ins under way", _WHOSE, _SIGN_IN, "Seconds.", "person_id ticket_hash used_at", "workspace_id expires_at"
    ),
    Place(
        "api_tokens",
        "What programs prove themselves with",
        _WHOSE,
        _SIGN_IN,
        "For ever, as a record of who could get in.",
        personal="person_id name last_used_at",
        plain="id workspace_id secret_hash scopes requests_per_minute created_at expires_at revoked_at",
    ),
    Place("setup_codes", "The code that makes the first admin", Whose.NOBODY, _SIGN_IN, "Until used.", "", "code_hash created_at used_at"),
    Place(
        "audit_log",
        "Who did what, by number, and from which network",
        _WHOSE,
        "To find out later what happened.",
        "For ever: each entry proves the one before. It holds no addresses, names or words about contacts.",
        personal="actor via origin",
        plain="workspace_id sequence at action target before after previous_hash hash",
    ),
)
