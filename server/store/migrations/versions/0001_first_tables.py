"""The first tables: accounts, meetings and their people, links, sessions, the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "account",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("email", name="uq_account_email"),
    )
    op.create_table(
        "password",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_password"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_password_account", ondelete="CASCADE"),
    )
    op.create_table(
        "setup",
        sa.Column("slot", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_setup"),
    )
    op.create_table(
        "meeting",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("starts_at", moment),
        sa.Column("created_by", sa.Text),
        sa.Column("practice", sa.Boolean, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name="fk_meeting_created_by"),
    )
    op.create_index("ix_meeting_created_by", "meeting", ["created_by"])
    op.create_table(
        "person",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("meeting", sa.Text, nullable=False),
        sa.Column("seat", sa.BigInteger, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("attached_to", sa.Text),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("account", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("meeting", "seat", name="uq_person_meeting_seat"),
        sa.UniqueConstraint("meeting", "id", name="uq_person_meeting_id"),
        sa.ForeignKeyConstraint(["meeting"], ["meeting.id"], name="fk_person_meeting", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_person_account"),
        sa.ForeignKeyConstraint(
            ["meeting", "attached_to"],
            ["person.meeting", "person.id"],
            name="fk_person_meeting_attached_to",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_table(
        "link",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("issued_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_link"),
        sa.UniqueConstraint("token_hash", name="uq_link_token_hash"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_link_person", ondelete="CASCADE"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
        sa.UniqueConstraint("id", name="uq_session_id"),
    )
    op.create_index("ix_session_kind_subject", "session", ["kind", "subject"])
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
    op.create_table(
        "journal",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name="pk_journal"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal_head",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_journal_head"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("journal_head", "journal", "session", "link", "person", "meeting", "setup", "password", "account"):
        op.drop_table(table)
