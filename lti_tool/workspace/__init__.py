"""The workspace page's side of the server: what it is told, its kernel, its event stream.

May depend on `lti_tool.sessions`, `lti_tool.errors`, `grading`, `notebooks` and `config`; knows no
Flask.
"""
