"""Where personal data lies beside the database: in the lake's Parquet files, and in other files of the data folder."""

from __future__ import annotations

from core.privacy.registry_words import File, Finds, Leaves, Place, Whose

_WHOSE = Whose.CONTACTS

# `empties` names what is taken out of a person's rows; the numbers stay, so that reports keep what they counted.
LAKE: tuple[Place, ...] = (
    Place(
        "events",
        "What became of each email: delivered, opened, clicked, and the like",
        _WHOSE,
        "To report, and to write to who is interested.",
        "For ever, unless a time is set.",
        personal="contact_id message_id recipient recipient_domain url provider_event_id provider_message_id visitor reason "
        "user_agent client device ip_prefix country properties",
        plain="event_id workspace_id kind occurred_at received_at campaign_id automation_id variant_id link_id provider actor actor_reason "
        "signals rules_version bounce_class value currency",
        finds=Finds.CONTACT,
        leaves=Leaves.THE_FACT,
        empties=dict.fromkeys(("recipient", "provider_event_id", "provider_message_id", "user_agent", "ip_prefix", "properties")),
        scrubs="reason url",
        exports="events",
        hides="signals rules_version",
    ),
    Place(
        "facts",
        "What the events of a campaign and a person come to",
        _WHOSE,
        "To report quickly.",
        "As long as the events; made from them.",
        personal="contact_id variant_id sent_at bounced_at bounce_class opens first_open_at machine_opens clicks first_click_at "
        "machine_clicks unsubscribed_at complained_at conversions revenue",
        plain="workspace_id campaign_id",
    ),
    Place(
        "contacts_snapshot",
        "A copy of contacts for segments",
        _WHOSE,
        "To choose people quickly.",
        "Until the next copy.",
        personal="id email domain first_name last_name consent source suppressed list_ids tag_ids "
        "frequency paused_until do_not_sell created_at attributes",
        plain="",
        erased_how="The copy is written anew without them, and the old one is deleted.",
    ),
)

FILES: tuple[File, ...] = (
    File(
        "journal",
        "Events as they arrived: addresses in what providers report, what was filled in on forms, network addresses and browsers",
        _WHOSE,
        "To count again by better rules, and to lose nothing.",
        "As many days as POSTWRIGHT_JOURNAL_DAYS says after they were read (90).",
        "As the events made of it.",
        "Ages out by its days. What is read meanwhile is looked through for people who were erased.",
    ),
    File(
        "blobs",
        "Rows of imports that were refused",
        _WHOSE,
        "So that they can be corrected.",
        "For ever, unless a time is set.",
        "The rows that hold the address.",
        "The person's rows are taken out of the file; a file with no others is deleted.",
    ),
    File(
        "imports",
        "Files that are being imported, laid out in rows or as another tool exported them",
        _WHOSE,
        "To go on with an import after a crash.",
        "Until the import is done.",
        "Says nothing that the import does not write.",
        "Goes with the import. Whoever comes back by it is suppressed from that moment on.",
    ),
    File(
        "outbox",
        "Emails of the built-in outbox",
        _WHOSE,
        "To look at email without sending it.",
        "For ever.",
        "As the messages.",
        "Emails to the address are deleted.",
    ),
    File(
        "flights",
        "How far messages under way have got, by number",
        _WHOSE,
        "To know after a crash what has left.",
        "Until they are settled, minutes at most.",
        "Says nothing the messages don't.",
        "Goes by itself.",
    ),
    File(
        "queue.db",
        "Which campaign has something to do, by number",
        Whose.NOBODY,
        "To ring the worker.",
        "Seconds.",
        "Not personal.",
        "Not personal.",
    ),
    File(
        "receiver/links.json",
        "Where links lead",
        Whose.NOBODY,
        "To start without the database.",
        "Until written anew.",
        "Not personal.",
        "Not personal.",
    ),
    File(
        "logs",
        "What the processes did, by number; addresses are left out",
        Whose.NOBODY,
        "To find faults.",
        "As long as you keep what the processes print.",
        "Not personal.",
        "Not personal.",
    ),
    File(
        "backups",
        "Copies of all this that you make",
        _WHOSE,
        "To lose nothing.",
        "As long as you keep them.",
        "Not from there.",
        "By letting them run out. After putting one back, erase again who was erased since: the register of requests tells.",
    ),
)
