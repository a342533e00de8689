"""people, roles, sign-in, tokens, audit"""

import sqlalchemy as sa
from alembic import op

from core.storage.schema import Id, Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The audit log and its seals can only grow: the database itself refuses to change or delete a row.
_GROWING = ("audit_log", "audit_seals")
_SQLITE = """
create trigger {table}_refuses_{what} before {what} on {table}
begin select raise(abort, 'the audit log can only grow'); end
"""
# `insert or replace` deletes without asking the trigger above (SQLite's documentation of REPLACE).
_SQLITE_REPLACE = """
create trigger {table}_refuses_replace before insert on {table}
when exists (select 1 from {table} where workspace_id = new.workspace_id and sequence = new.sequence)
begin select raise(abort, 'the audit log can only grow'); end
"""
_POSTGRES = """
create function audit_log_refuses() returns trigger language plpgsql as
$$ begin raise exception 'the audit log can only grow'; end $$
"""
_POSTGRES_TRIGGER = "create trigger {table}_refuses before update or delete or truncate on {table} execute function audit_log_refuses()"


def upgrade() -> None:
    op.create_table('audit_heads',
    sa.Column('workspace_id', Id, autoincrement=False, nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', name=op.f('pk_audit_heads'))
    )
    op.create_table('audit_seals',
    sa.Column('workspace_id', Id, autoincrement=False, nullable=False),
    sa.Column('sequence', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('sealed_at', UtcDateTime(), nullable=False),
    sa.Column('mac', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', 'sequence', name=op.f('pk_audit_seals'))
    )
    op.create_table('audit_log',
    sa.Column('workspace_id', Id, autoincrement=False, nullable=False),
    sa.Column('sequence', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('via', sa.Text(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('target', sa.Text(), nullable=False),
    sa.Column('before', sa.Text(), nullable=False),
    sa.Column('after', sa.Text(), nullable=False),
    sa.Column('previous_hash', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', 'sequence', name=op.f('pk_audit_log'))
    )
    with op.batch_alter_table('audit_log', schema=None) as batch_op:
        batch_op.create_index('ix_audit_log_workspace_id_action', ['workspace_id', 'action', 'sequence'], unique=False)
        batch_op.create_index('ix_audit_log_workspace_id_actor', ['workspace_id', 'actor', 'sequence'], unique=False)

    op.create_table('throttles',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_at', UtcDateTime(), nullable=False),
    sa.Column('locked_until', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_throttles'))
    )
    op.create_index("ix_throttles_last_at", "throttles", ["last_at"])
    op.create_table('used_assertions',
    sa.Column('assertion_hash', sa.Text(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('assertion_hash', name=op.f('pk_used_assertions'))
    )
    op.create_table('api_tokens',
    sa.Column('id', Id, autoincrement=True, nullable=False),
    sa.Column('workspace_id', Id, nullable=False),
    sa.Column('person_id', Id, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('secret_hash', sa.Text(), nullable=False),
    sa.Column('scopes', Json, nullable=False),
    sa.Column('requests_per_minute', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=True),
    sa.Column('last_used_at', UtcDateTime(), nullable=True),
    sa.Column('revoked_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_api_tokens_person_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_api_tokens_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_tokens')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('api_tokens', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_tokens_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_api_tokens_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('idempotency_keys',
    sa.Column('workspace_id', Id, nullable=False),
    sa.Column('key_hash', sa.Text(), nullable=False),
    sa.Column('request_hash', sa.Text(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_idempotency_keys_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_idempotency_keys'))
    )
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_keys_workspace_id'), ['workspace_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_idempotency_keys_expires_at'), ['expires_at'], unique=False)

    op.create_table('identities',
    sa.Column('issuer', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('person_id', Id, nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_identities_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('issuer', 'subject', name=op.f('pk_identities'))
    )
    with op.batch_alter_table('identities', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_identities_person_id'), ['person_id'], unique=False)

    op.create_table('password_resets',
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('person_id', Id, nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('used_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_password_resets_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_password_resets'))
    )
    with op.batch_alter_table('password_resets', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_password_resets_person_id'), ['person_id'], unique=False)

    op.create_table('recovery_codes',
    sa.Column('person_id', Id, nullable=False),
    sa.Column('code_hash', sa.Text(), nullable=False),
    sa.Column('used_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_recovery_codes_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('person_id', 'code_hash', name=op.f('pk_recovery_codes'))
    )
    op.create_table('roles',
    sa.Column('id', Id, autoincrement=True, nullable=False),
    sa.Column('workspace_id', Id, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('permissions', Json, nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_roles_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roles')),
    sa.UniqueConstraint('workspace_id', 'name', name=op.f('uq_roles_workspace_id_name')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('roles', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_roles_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('invitations',
    sa.Column('id', Id, autoincrement=True, nullable=False),
    sa.Column('workspace_id', Id, nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('role_id', Id, nullable=True),
    sa.Column('list_ids', Json, nullable=True),
    sa.Column('invited_by', Id, nullable=True),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('accepted_at', UtcDateTime(), nullable=True),
    sa.Column('cancelled_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['role_id'], ['roles.id'], name=op.f('fk_invitations_role_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_invitations_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitations_token_hash')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitations_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('membership_lists',
    sa.Column('workspace_id', Id, nullable=False),
    sa.Column('person_id', Id, nullable=False),
    sa.Column('list_id', Id, nullable=False),
    sa.ForeignKeyConstraint(['list_id'], ['lists.id'], name=op.f('fk_membership_lists_list_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id', 'person_id'], ['memberships.workspace_id', 'memberships.person_id'], name='fk_membership_lists', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workspace_id', 'person_id', 'list_id', name=op.f('pk_membership_lists'))
    )
    with op.batch_alter_table('membership_lists', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_membership_lists_list_id'), ['list_id'], unique=False)

    # Never in a batch: on SQLite that may make the table anew, and dropping the old one deletes all that hangs on it.
    op.add_column("memberships", sa.Column("is_limited", sa.Boolean(), server_default=sa.false(), nullable=False))
    id_type = Id.compile(op.get_bind().dialect)
    op.execute(f"alter table memberships add column role_id {id_type} constraint fk_memberships_role_id references roles (id)")
    op.create_index("ix_memberships_person_id", "memberships", ["person_id"])
    op.create_index("ix_memberships_role_id", "memberships", ["role_id"])
    op.add_column("people", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("totp_enabled_at", UtcDateTime(), nullable=True))
    op.add_column("people", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column("sessions", sa.Column("kind", sa.Text(), server_default="browser", nullable=False))
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.add_column("workspaces", sa.Column("requires_two_factor", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("segments", sa.Column("created_by", sa.Text(), server_default="", nullable=False))
    op.create_table('campaign_lists',
    sa.Column('campaign_id', Id, nullable=False),
    sa.Column('list_id', Id, autoincrement=False, nullable=False),
    sa.Column('workspace_id', Id, nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_lists_campaign_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name=op.f('fk_campaign_lists_workspace_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('campaign_id', 'list_id', name=op.f('pk_campaign_lists'))
    )
    op.create_index("ix_campaign_lists_workspace_id", "campaign_lists", ["workspace_id"])
    if op.get_bind().dialect.name == "sqlite":
        _never_use_an_id_again()

    if op.get_bind().dialect.name == "sqlite":
        for table in _GROWING:
            for what in ("update", "delete"):
                op.execute(_SQLITE.format(table=table, what=what))
            op.execute(_SQLITE_REPLACE.format(table=table))
    else:
        op.execute(_POSTGRES)
        for table in _GROWING:
            op.execute(_POSTGRES_TRIGGER.format(table=table))


def _never_use_an_id_again() -> None:
    """Make lists and segments anew on SQLite, which gave the number of a deleted one to the next: what still names it would mean that."""
    kept = {"list_members": "*", "imports": "id, list_id"}  # dropping `lists` takes these along, or makes them forget their list
    for table, columns in kept.items():
        op.execute(f"create temp table kept_{table} as select {columns} from {table} where list_id is not null")
    of_segments = [sa.Column("rules", Json, nullable=False), sa.Column("updated_at", UtcDateTime(), nullable=False)]
    of_segments.append(sa.Column("created_by", sa.Text(), server_default="", nullable=False))
    for table, own in {"lists": [], "segments": of_segments}.items():
        op.create_table(
            f"{table}_anew",
            sa.Column("id", Id, autoincrement=True, nullable=False),
            sa.Column("workspace_id", Id, nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            *own,
            sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f(f"fk_{table}_workspace_id"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint("workspace_id", "name", name=op.f(f"uq_{table}_workspace_id_name")),
            sqlite_autoincrement=True,
        )
        names = ", ".join(["id", "workspace_id", "name", "created_at", *(column.name for column in own)])
        op.execute(f"insert into {table}_anew ({names}) select {names} from {table}")
        op.drop_table(table)
        op.rename_table(f"{table}_anew", table)
        op.create_index(f"ix_{table}_workspace_id", table, ["workspace_id"])
    op.execute("insert into list_members select * from kept_list_members")
    op.execute("update imports set list_id = (select list_id from kept_imports where kept_imports.id = imports.id)")
    for table in kept:
        op.drop_table(f"kept_{table}")
