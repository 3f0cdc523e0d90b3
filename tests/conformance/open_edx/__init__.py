"""Open edX's own platform code against the running tool: it launches, is told grades, shows people.

`serve.py` is executed by an interpreter of its own, which has that code; nothing here imports it.
"""
