"""Questions worked out from an ideal solution, so that a solved notebook alone can be graded.

`recording`, `plain`, `invariants`, `variations`, `functions` and `names` are pure; `derive` asks a
replayer. Knows cases, probes and replays; nothing of tables, tasks or the web.
"""
