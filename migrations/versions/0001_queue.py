"""Install the task queue's schema, as procrastinate 3.10.0 ships it.

A copy, so that a later version of the package does not change what this revision does; when the
package brings a new step, it becomes a revision of its own.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).parents[1] / "procrastinate_3_10_0.sql"


def upgrade() -> None:
    # On the driver's own connection: the text is full of `%`, which SQLAlchemy would interpret.
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("the migration has no connection")
    connection.execute(SCHEMA.read_text())
