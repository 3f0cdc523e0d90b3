"""`python -m migrations MESSAGE`: write the revision that brings the database to the models.

Starts a throw-away PostgreSQL, upgrades it to the newest revision, and lets Alembic compare.
To write the first revision anew, delete it and run this again.
"""

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from config.migrate import alembic_config, upgrade
from config.postgres import EmbeddedPostgres
from config.settings import Settings


def main(message: str) -> None:
    """Write a revision with the next number; its name is made of the message."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = EmbeddedPostgres(Settings(state_dir=Path(folder)), durable=False)
        cluster.start()
        try:
            upgrade(cluster.url())
            config = alembic_config(cluster.url())
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            count = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            slug = re.sub(r"\W+", "_", message.lower()).strip("_")
            command.revision(config, message=message, autogenerate=True, rev_id=f"{count + 1:04d}")
            print(f"written: migrations/versions/{count + 1:04d}_{slug}.py; read it before use")  # noqa: T201
        finally:
            cluster.stop()


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and its argument
        sys.exit(__doc__)
    main(sys.argv[1])
