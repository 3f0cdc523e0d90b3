"""Casebook's processes: `casebook up` and what it seeds, the worker and its lanes.

May depend on every other folder but `lti_tool.views`; the web application is named by its path
alone, for gunicorn to load. Only `lti_tool.commands` imports it.
"""
