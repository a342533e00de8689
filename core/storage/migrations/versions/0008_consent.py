"""consent with its proof, ways out of one list, double opt-in, suppression of the whole installation and as keyed hashes"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Proofs and wordings can only grow: the database itself refuses to change or delete a row while its workspace is there.
# One door stays open: where from, with which browser and in whose words it was said may be emptied when a person is erased.
_EMPTIED = ("ip", "ip_prefix", "user_agent", "source")
_KEPT = (
    "id",
    "workspace_id",
    "contact_id",
    "state",
    "message_id",
    "actor",
    "occurred_at",
    "purpose",
    "list_id",
    "wording",
    "wording_version",
    "language",
    "method",
    "token_hash",
    "asked_at",
)
_SAID = "consent records and wordings can only grow"
_SQLITE = """
create trigger {table}_refuses_{what} before {what} on {table} when {when}
begin select raise(abort, '{said}'); end
"""
_WORKSPACE_STAYS = "exists (select 1 from workspaces where id = old.workspace_id)"
_POSTGRES = f"""
create function consent_refuses() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if exists (select 1 from workspaces where id = old.workspace_id) then raise exception '{_SAID}'; end if;
    return old;
  end if;
  if tg_op = 'UPDATE' and tg_table_name = 'consent_records' then
    if to_jsonb(new) - array{list(_EMPTIED)} = to_jsonb(old) - array{list(_EMPTIED)}
      and new.ip in ('', old.ip) and new.ip_prefix in ('', old.ip_prefix) and new.user_agent in ('', old.user_agent)
      and new.source in ('', old.source)
    then return new; end if;
  end if;
  raise exception '{_SAID}';
end $$
"""
_POSTGRES_ROW = "create trigger {table}_refuses before update or delete on {table} for each row execute function consent_refuses()"
_POSTGRES_TRUNCATE = "create trigger {table}_refuses_truncate before truncate on {table} execute function consent_refuses()"


def upgrade() -> None:
    _add_columns()
    _make_tables_of_consent()
    _make_tables_of_suppression()
    _guard()


def _add_columns() -> None:
    for name in ("purpose", "wording", "language", "method", "ip", "token_hash"):
        op.add_column("consent_records", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("consent_records", sa.Column("list_id", Id, nullable=True))
    op.add_column("consent_records", sa.Column("wording_version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("consent_records", sa.Column("asked_at", UtcDateTime(), nullable=True))
    op.add_column("contacts", sa.Column("paused_until", UtcDateTime(), nullable=True))
    op.add_column("contacts", sa.Column("frequency", sa.Text(), nullable=False, server_default="all"))
    op.add_column("contacts", sa.Column("do_not_sell", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("from_email", "from_name"):
        op.add_column("lists", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("lists", sa.Column("double_opt_in", sa.Boolean(), nullable=False, server_default=sa.false()))


def _make_tables_of_consent() -> None:
    op.create_table(
        "list_optouts",
        sa.Column("list_id", Id, autoincrement=False, nullable=False),
        sa.Column("contact_id", Id, autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_list_optouts_list_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_list_optouts_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_list_optouts_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("list_id", "contact_id", name=op.f("pk_list_optouts")),
    )
    op.create_index("ix_list_optouts_contact_id", "list_optouts", ["contact_id"])
    op.create_index("ix_list_optouts_workspace_id", "list_optouts", ["workspace_id"])
    op.create_table(
        "stop_marks",
        sa.Column("contact_id", Id, autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_stop_marks_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_stop_marks_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_stop_marks")),
    )
    op.create_index("ix_stop_marks_workspace_id", "stop_marks", ["workspace_id"])
    op.create_table(
        "opt_ins",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("list_ids", Json, nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("given", Json, nullable=False, server_default="{}"),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("mail_due_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_opt_ins_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_opt_ins_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_ins")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_opt_ins_contact_id", "opt_ins", ["contact_id"])
    op.create_index("ix_opt_ins_workspace_id", "opt_ins", ["workspace_id"])
    op.create_index("ix_opt_ins_mail_due_at", "opt_ins", ["mail_due_at"])
    op.create_table(
        "opt_in_tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("opt_in_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["opt_in_id"], ["opt_ins.id"], name=op.f("fk_opt_in_tokens_opt_in_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_opt_in_tokens_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_opt_in_tokens")),
    )
    op.create_index("ix_opt_in_tokens_opt_in_id", "opt_in_tokens", ["opt_in_id"])
    op.create_index("ix_opt_in_tokens_workspace_id", "opt_in_tokens", ["workspace_id"])
    op.create_table(
        "consent_texts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_consent_texts_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_texts")),
        sa.UniqueConstraint("workspace_id", "name", "language", "version", name=op.f("uq_consent_texts_workspace_id_name_language_version")),
    )
    op.create_index("ix_consent_texts_workspace_id", "consent_texts", ["workspace_id"])


def _make_tables_of_suppression() -> None:
    op.create_table(
        "suppressed_hashes",
        sa.Column("workspace_id", Id, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_suppressed_hashes_workspace_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("workspace_id", "hash", name=op.f("pk_suppressed_hashes")),
    )
    op.create_index("ix_suppressed_hashes_workspace_id_erased_at", "suppressed_hashes", ["workspace_id", "erased_at"])
    op.create_table(
        "global_suppressions",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_global_suppressions")),
        sa.UniqueConstraint("email", name=op.f("uq_global_suppressions_email")),
        sa.UniqueConstraint("hash", name=op.f("uq_global_suppressions_hash")),
    )


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        kept = " and ".join(f"new.{name} is old.{name}" for name in _KEPT)
        emptied = " and ".join(f"new.{name} in ('', old.{name})" for name in _EMPTIED)
        op.execute(_SQLITE.format(table="consent_records", what="update", when=f"not ({kept} and {emptied})", said=_SAID))
        op.execute(_SQLITE.format(table="consent_texts", what="update", when="1", said=_SAID))
        for table in ("consent_records", "consent_texts"):
            op.execute(_SQLITE.format(table=table, what="delete", when=_WORKSPACE_STAYS, said=_SAID))
        return
    op.execute(_POSTGRES)
    for table in ("consent_records", "consent_texts"):
        op.execute(_POSTGRES_ROW.format(table=table))
        op.execute(_POSTGRES_TRUNCATE.format(table=table))
