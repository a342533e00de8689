"""The people written to: contacts, lists, consent, suppression, import and export."""
