"""The tables of the database that are about nobody, or only where somebody wrote a person's address into them."""

from __future__ import annotations

from core.privacy.registry_words import Place, Whose

_NOBODY = Whose.NOBODY
_WORK = "To do its work."
_STAYS = "Until it is deleted."


def _plain(table: str, what: str, columns: str, *, mentions: str = "", scrubs: str = "", erased_how: str = "") -> Place:
    return Place(table, what, _NOBODY, _WORK, _STAYS, "", columns, mentions=mentions, scrubs=scrubs, erased_how=erased_how)


_WRITTEN = "Told of, not changed: you wrote it, so you decide."

SYSTEM: tuple[Place, ...] = (
    _plain("import_headers", "What columns of files were the last time", "workspace_id header_hash mapping kinds used_at"),
    _plain(
        "workspaces",
        "Workspaces and their rules",
        "id name is_demo timezone postal_address requires_two_factor tracks_people sending_rules created_at",
    ),
    _plain("sequences", "Counters", "workspace_id name value"),
    _plain("leases", "Which process does what", "name owner expires_at"),
    _plain(
        "lake_files",
        "Which files of the lake count",
        "id workspace_id dataset event_class month path level rows bytes min_at max_at min_campaign_id "
        "max_campaign_id watermark created_at dead_at",
    ),
    _plain("journal_offsets", "How far journals are read", "file offset torn_bytes redacted_to finished_at updated_at"),
    _plain("contact_attributes", "The fields a contact may have", "workspace_id name type label description created_at"),
    _plain(
        "sign_up_forms",
        "Sign-up forms",
        "id workspace_id key name state design wording_version created_by created_at updated_at",
        mentions="name design",
        erased_how=_WRITTEN,
    ),
    _plain(
        "lists",
        "Lists",
        "id workspace_id name is_public description double_opt_in from_name from_email created_at",
        mentions="name description",
        erased_how=_WRITTEN,
    ),
    _plain("consent_texts", "The words people agree to", "id workspace_id name language version text created_by created_at"),
    _plain("opt_in_tokens", "Hashes of what is in mails that ask", "token_hash opt_in_id workspace_id created_at"),
    _plain("tags", "Tags", "id workspace_id name name_key created_at", mentions="name", erased_how=_WRITTEN),
    Place(
        "imports",
        "Which files were imported",
        Whose.CONTACTS,
        "To look up where somebody came from.",
        "For ever; the rows that were refused until a time that can be set.",
        personal="file_name refused_blob",
        plain="id workspace_id list_id rows created updated refused imported_by created_at state unchanged suppressed flagged choices"
        " folder attempts error change finished_at",
        scrubs="file_name",
        erased_how="Their rows are taken out of the file of refused rows; the address is taken out of the file's name.",
    ),
    _plain(
        "segments",
        "Segments and their rules",
        "id workspace_id name rules created_by created_at updated_at",
        mentions="name rules",
        erased_how=_WRITTEN,
    ),
    _plain(
        "templates",
        "Templates",
        "id workspace_id name created_at updated_at folder tags brand_kit_id archived_at look_due_by look_problem",
        mentions="name folder tags",
        erased_how=_WRITTEN,
    ),
    _plain(
        "template_versions",
        "What is written",
        "id workspace_id template_id number kind source html text links fields created_by created_at note thumbnail "
        "thumbnail_tries thumbnail_after",
        mentions="source note",
        erased_how=_WRITTEN,
    ),
    _plain(
        "template_variants",
        "What is written in other languages",
        "id workspace_id version_id language source html text links fields",
        mentions="source",
        erased_how=_WRITTEN,
    ),
    _plain(
        "template_drafts",
        "What is being written",
        "template_id language workspace_id kind source based_on revision updated_by updated_at",
        mentions="source",
        erased_how=_WRITTEN,
    ),
    _plain(
        "brand_kits",
        "How emails look",
        "id workspace_id name is_default content updated_by created_at updated_at",
        mentions="name content",
        erased_how=_WRITTEN,
    ),
    _plain(
        "saved_blocks",
        "Parts of emails kept for others",
        "id workspace_id name content updated_by created_at updated_at",
        mentions="name content",
        erased_how=_WRITTEN,
    ),
    _plain(
        "pictures",
        "Pictures in emails",
        "id workspace_id name blob media_type width height size alt created_by created_at",
        mentions="name alt",
        erased_how=_WRITTEN,
    ),
    _plain(
        "campaigns",
        "Campaigns",
        "id workspace_id name subject from_name from_email template_id template_version_id connection_id audience track_conversions state "
        "created_by created_at launched_at finished_at stopped_reason scheduled_at timing routes brand holdout_percent "
        "preview_text subjects",
        mentions="name subject preview_text subjects",
        erased_how=_WRITTEN,
    ),
    _plain("campaign_lists", "Lists a campaign was narrowed to", "campaign_id list_id workspace_id"),
    _plain(
        "arms",
        "Variants of A/B tests",
        "id workspace_id campaign_id key subject weight preview_text subjects",
        mentions="subject preview_text subjects",
        erased_how=_WRITTEN,
    ),
    _plain("links", "Where links lead", "id workspace_id campaign_id position url append_token created_at"),
    _plain(
        "connections",
        "What carries the email",
        "id workspace_id name kind settings secrets is_default webhook_key pacing fallback_id created_at",
    ),
    _plain(
        "connection_paces",
        "How fast mail may leave",
        "connection_id domain workspace_id permits refilled_at slowed full_rate failures held_until reason",
        scrubs="reason",
    ),
    _plain("connection_days", "How many messages left on a day", "connection_id day domain workspace_id count"),
    _plain("mailbox_reads", "When mailboxes of bounces were read", "connection_id workspace_id tried_at read_at problem", scrubs="problem"),
    _plain("sender_domains", "Domains mail is from", "id workspace_id domain return_path connection_ids created_at checked_at findings"),
    _plain(
        "dkim_keys",
        "Keys that sign mail",
        "id workspace_id domain_id algorithm selector public_key private_key created_at confirmed_at retired_at",
    ),
    _plain("event_keys", "Order numbers that were counted", "workspace_id key seen_at"),
    _plain("reported_keys", "Hashes of reports that came in", "key day"),
    _plain("intake_minutes", "How many events came in", "workspace_id minute step outcome count slowest"),
    _plain(
        "intake_jobs",
        "Work over past events",
        "id workspace_id kind since until state place counts error requested_by created_at finished_at",
    ),
    _plain("settled_clicks", "Up to when clicks are judged", "workspace_id until waiting_since waiting_from"),
    _plain(
        "sender_alerts",
        "Mailbox providers that block",
        "id workspace_id campaign_id kind domain count reason first_at last_at dismissed_at",
        scrubs="reason",
    ),
    _plain("day_salts", "What pseudonyms of a day are made with", "day salt"),
    _plain("stale_facts", "Reports to be counted anew", "workspace_id campaign_id since"),
    Place(
        "idempotency_keys",
        "Answers to programs that may ask twice",
        Whose.CONTACTS,
        "So that asking twice does it once.",
        "A day.",
        personal="answer",
        plain="workspace_id key_hash request_hash status created_at expires_at",
        erased_how="Answers that hold the address go at once, all others within a day.",
    ),
    _plain("audit_heads", "Where the audit log ends", "workspace_id sequence hash"),
    _plain("audit_seals", "Seals on the audit log", "workspace_id sequence hash sealed_at mac"),
    _plain("erasure_sweeps", "Up to when the lake was looked through", "workspace_id swept_to"),
    _plain("retention_rules", "How long things are kept", "workspace_id kind days"),
    _plain("retention_runs", "What was deleted by these rules", "id workspace_id kind older_than count created_at finished_at"),
)
