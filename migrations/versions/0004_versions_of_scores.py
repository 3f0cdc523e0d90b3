"""Remember of each delivery which version was tried, sent and told; keep no token in plain text."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ZERO = sa.text("0")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for column in (
        sa.Column("facts", sa.String(), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("told_version", sa.Integer(), nullable=False, server_default=ZERO),
        sa.Column("tried_version", sa.Integer(), nullable=False, server_default=ZERO),
        sa.Column("tried_since", moment, nullable=True),
        sa.Column("unsettled_since", moment, nullable=True),
        sa.Column("clicked_at", moment, nullable=True),
        sa.Column("sent_share", sa.Double(), nullable=True),
        sa.Column(
            "tried_shares",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            server_default="[]",
        ),
    ):
        op.add_column("score_delivery", column)
    # What was sent before counts as told, so that no comment is sent a second time.
    op.execute(
        "UPDATE score_delivery SET told_version = 1, sent_share = score / NULLIF(max_score, 0)"
        " WHERE sent_rev > 0 AND sent_rev = wanted_rev"
    )
    op.add_column("registration", sa.Column("paused_until", moment, nullable=True))
    # Tokens are encrypted from now on; new ones are fetched for these.
    op.execute("DELETE FROM access_token")
