"""The database's history, as Alembic revisions; one reason per revision.

May import every package's tables (`lti_tool.tables`); nothing imports it but by its folder.
`python -m migrations MESSAGE` writes the revision that the models ask for.
"""
