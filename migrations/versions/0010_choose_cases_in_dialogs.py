"""Keep what teachers choose in their platforms' dialogs, and the dialogs while they are open."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _belongs(table: str, column: str, to: str, ondelete: str | None = "CASCADE") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "content_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.String(), nullable=True),
        sa.Column("case_version_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("hints", sa.Integer(), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_content_item_points_positive")),
        sa.CheckConstraint("hints BETWEEN 0 AND 3", name=op.f("ck_content_item_hints_bounded")),
        _belongs("content_item", "registration_id", "registration"),
        _belongs("content_item", "case_version_id", "case_version", None),
        _belongs("content_item", "chosen_by", "lti_user", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_item")),
    )
    op.create_index(op.f("ix_content_item_registration_id"), "content_item", ["registration_id"])
    op.create_table(
        "dialog",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.String(), nullable=True),
        sa.Column("context_title", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("return_url", sa.String(), nullable=False),
        sa.Column("data", sa.String(), nullable=True),
        sa.Column("accept_multiple", sa.Boolean(), nullable=False),
        sa.Column("accept_line_item", sa.Boolean(), nullable=False),
        sa.Column("frame_ancestors", sa.String(), nullable=False),
        sa.Column("uploads", postgresql.JSONB(), nullable=False),
        sa.Column("ticket_hash", sa.String(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        _belongs("dialog", "registration_id", "registration"),
        sa.ForeignKeyConstraint(
            ["registration_id", "deployment_id"],
            ["deployment.registration_id", "deployment.deployment_id"],
            name=op.f("fk_dialog_registration_id_deployment_id_deployment"),
            ondelete="CASCADE",
        ),
        _belongs("dialog", "user_id", "lti_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dialog")),
    )
    op.create_index(op.f("ix_dialog_expires_at"), "dialog", ["expires_at"])
    op.create_table(
        "uploaded_case",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("context_id", sa.String(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _belongs("uploaded_case", "case_id", "case"),
        _belongs("uploaded_case", "registration_id", "registration"),
        _belongs("uploaded_case", "user_id", "lti_user"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_uploaded_case")),
    )
    op.create_index(op.f("ix_uploaded_case_registration_id"), "uploaded_case", ["registration_id"])
    op.add_column("assignment", sa.Column("content_item_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_assignment_content_item_id_content_item"),
        "assignment",
        "content_item",
        ["content_item_id"],
        ["id"],
    )
    op.create_index(op.f("ix_assignment_content_item_id"), "assignment", ["content_item_id"])
    op.add_column("assignment", sa.Column("due_at", MOMENT, nullable=True))
    # The default serves code that does not know the column: what it makes is no copy.
    op.add_column(
        "assignment",
        sa.Column("asks_for_dates", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
