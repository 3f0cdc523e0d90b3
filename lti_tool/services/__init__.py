"""LTI Advantage: keys, HTTP to platforms, tokens, line items, scores, rosters, registrations.

May depend on `lti_tool.models`, `lti_tool.platforms`, the errors and roles of `lti_tool.launch`,
`grading`, `notebooks` and `config`; knows no Flask.
"""
