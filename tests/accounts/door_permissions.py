"""Which permissions each door asks for; a new door has to be written down here, with every permission it takes to get through."""

from __future__ import annotations

from collections.abc import Mapping

from core.permissions import Permission

P = Permission

_ONE: Mapping[Permission, str] = {
    P.CAMPAIGNS_VIEW: "campaigns.all campaigns.get ledger.counts ledger.page messages.after messages.get"
    " again.missing recipients.fates recipients.find recipients.page recipients.reasons standings.now"
    " analytics.message_events requests.get bounce_mailboxes.states sender_domains.all sender_domains.get"
    " paces.all connections.all connections.by_name connections.default connections.get",
    P.CAMPAIGNS_EDIT: "campaigns.delete",
    P.CAMPAIGNS_SEND: "seed_addresses.add seed_addresses.all seed_addresses.remove",
    P.MESSAGES_SEND: "requests.submit",
    P.TEMPLATES_VIEW: "templates.all templates.by_name templates.get templates.latest templates.latest_to_send templates.preview"
    " templates.versions"
    " template_exchange.export template_exchange.file_name template_thumbnails.pictures templates.page templates.marked templates.try_out"
    " templates.unsaved"
    " template_versions.compared template_versions.get template_versions.page template_versions.uses"
    " translating.in_language translating.languages translating.spoken translating.try_out"
    " pictures.after pictures.all pictures.content pictures.count pictures.get pictures.room pictures.where_used"
    " brand_kits.all brand_kits.chosen_for brand_kits.default brand_kits.get brand_kits.bring brand_kits.where_used preflight.check",
    P.TEMPLATES_EDIT: "templates.save templates.save_version template_exchange.load template_versions.restore"
    " template_shelves.archive template_shelves.duplicate"
    " template_shelves.move template_shelves.rename template_shelves.tag template_shelves.unarchive"
    " template_drafts.discard template_drafts.get template_drafts.keep template_drafts.languages"
    " translating.put translating.remove pictures.add pictures.delete pictures.describe"
    " brand_kits.delete brand_kits.follow brand_kits.make_default brand_kits.move_pictures brand_kits.rename"
    " brand_kits.save brand_kits.wear readdressing.follow"
    " saved_blocks.all saved_blocks.delete saved_blocks.get saved_blocks.rename saved_blocks.save",
    P.CONTACTS_VIEW: "contacts.attributes contacts.newest directory.before directory.ids directory.page"
    " contacts.count contacts.find contacts.get consent.history"
    " lists.all lists.by_name lists.get lists.names suppressions.contains suppressions.page campaigns.audience_size tags.all tags.of"
    " profiles.get notes.all fields.all fields.get fields.uses tags.get tags.names timelines.page"
    " suppressions.before suppressions.find choices.get wordings.all"
    " forms.all forms.draft forms.get forms.received public_lists.all",
    P.CONTACTS_EDIT: "contacts.delete contacts.save consent.give suppressions.add suppressions.remove"
    " lists.add lists.create lists.delete lists.remove lists.rename tags.add tags.create tags.delete tags.remove tags.rename"
    " bulk_changes.run profiles.change notes.add notes.delete merges.preview merges.merge"
    " fields.add fields.describe fields.retype fields.delete"
    " lists.set_opt_in suppressions.add_all choices.set_mail choices.set_sale wordings.save"
    " forms.create forms.delete forms.pause forms.resume forms.update public_lists.present",
    P.SUPPRESSIONS_EVERYWHERE: "suppressed_everywhere.add_all suppressed_everywhere.page suppressed_everywhere.remove",
    P.CONTACTS_IMPORT: "imports.all imports.cancel imports.get imports.inspect imports.refused_rows imports.run imports.start imports.undo"
    " move_ins.look move_ins.outcome move_ins.run move_ins.start",
    P.CONTACTS_EXPORT: "exports.check exports.columns exports.stream suppressions.stream_csv",
    P.SEGMENTS_VIEW: "segments.all segments.available_fields segments.by_name segments.contact_ids segments.count segments.describe"
    " segments.get segments.mailable_count",
    P.SEGMENTS_EDIT: "segments.create segments.delete segments.update",
    P.REPORTS_VIEW: "analytics.campaign_table analytics.overview",
    P.EVENTS_EXPORT: "analytics.event_rows analytics.events_after",
    P.EVENTS_WRITE: "conversions.report",
    P.OUTBOX_VIEW: "outbox.page outbox.show",
    P.CONNECTIONS_MANAGE: "connections.add connections.change connections.remove connections.set_default connections.test"
    " sender_domains.add sender_domains.change sender_domains.check sender_domains.remove"
    " sender_domains.remove_old_keys sender_domains.rotate paces.set paces.try_again",
    P.PEOPLE_MANAGE: "people.all people.disable people.enable people.get people.set_lists people.set_role people.sign_out roles.all"
    " invitations.all invitations.cancel invitations.invite invitations.resend",
    P.ROLES_MANAGE: "roles.change roles.create roles.delete roles.table",
    P.TOKENS_MANAGE: "api_tokens.all api_tokens.create api_tokens.get api_tokens.revoke",
    P.WORKSPACE_EDIT: "workspaces.update",
    P.INTAKE_VIEW: "intake.extent intake.job intake.jobs intake.look_up intake.overview intake.raw",
    P.INTAKE_MANAGE: "intake.cancel intake.reclassify intake.replay",
    P.AUDIT_VIEW: "audit.actors audit.check audit.page audit.stream_csv",
    P.PRIVACY_MANAGE: "privacy_requests.open privacy_requests.get privacy_requests.page privacy_requests.pressing privacy_requests.extend"
    " privacy_requests.note privacy_requests.close person_exports.export erasures.preview erasures.erase erasures.get erasures.latest"
    " retention.rules retention.set retention.preview retention.runs",
    P.WORKSPACES_CREATE: "workspaces.create_for",
    P.ACCOUNT_MANAGE: "password_changes.change invitations.accept invitations.is_for own_account.rename own_account.show"
    " sessions.mine sessions.revoke_one sessions.revoke_others"
    " two_factor.begin two_factor.confirm two_factor.disable two_factor.renew_recovery_codes two_factor.state",
}
_MADE_OF = {P.TEMPLATES_VIEW, P.CONTACTS_VIEW}
_SEVERAL: Mapping[str, set[Permission]] = {
    "analytics.campaign_report": {P.REPORTS_VIEW, P.CAMPAIGNS_VIEW},
    "campaigns.create": {P.CAMPAIGNS_EDIT, P.CAMPAIGNS_VIEW, *_MADE_OF},
    "campaigns.update": {P.CAMPAIGNS_EDIT, P.CAMPAIGNS_VIEW},
    "alerts.open": {P.CAMPAIGNS_VIEW},
    "alerts.dismiss": {P.CAMPAIGNS_SEND},
    "campaigns.cancel": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW},
    "campaigns.forecast": {P.CAMPAIGNS_VIEW, P.CONTACTS_VIEW},
    "campaigns.schedule": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW, *_MADE_OF},
    "campaigns.unschedule": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW},
    "again.joined": {P.CAMPAIGNS_VIEW, P.CONTACTS_VIEW},
    "again.send": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW},
    "recipients.stream_csv": {P.CAMPAIGNS_VIEW, P.CONTACTS_EXPORT},
    "campaigns.pause": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW},
    "campaigns.resume": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW},
    "campaigns.launch": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW, *_MADE_OF},
    "template_trying.send": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW, P.TEMPLATES_EDIT, *_MADE_OF},
    "template_trying.sender": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW, P.TEMPLATES_VIEW},
    "campaigns.send_test": {P.CAMPAIGNS_SEND, P.CAMPAIGNS_VIEW, *_MADE_OF},
    "segments.preview": {P.SEGMENTS_VIEW, P.CONTACTS_VIEW},
}
# What these show a part of, in place of what they ask for otherwise.
INSTEAD: Mapping[str, Permission] = dict.fromkeys(("messages.get", "requests.get", "analytics.message_events"), P.MESSAGES_SEND)
# What only the server's own commands may do, whatever somebody's role is.
SERVER_ONLY = frozenset({"people.add", "password_changes.set_by_server", "two_factor.reset_by_server"})

DOOR_PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    **{door: frozenset({permission}) for permission, names in _ONE.items() for door in names.split()},
    **{door: frozenset(several) for door, several in _SEVERAL.items()},
}
