"""Planted mistakes: small edits of the ideal solution that a case's probes should notice.

Pure in `edits`, `operators` and `mutants`; `report` says in plain words what a trial found.
Knows cells and syntax trees; nothing of tables, tasks or the web.
"""
