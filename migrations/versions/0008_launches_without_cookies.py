"""Remember what a login was begun with, so that a browser without cookies finds another way."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default serves code that does not know the column, and logins that are under way.
    op.add_column(
        "login_state", sa.Column("login_hint", sa.String(), nullable=False, server_default="")
    )
    for name in ("message_hint", "deployment_id", "storage_target", "ticket_hash"):
        op.add_column("login_state", sa.Column(name, sa.String(), nullable=True))
    op.create_unique_constraint(op.f("uq_login_state_ticket_hash"), "login_state", ["ticket_hash"])
