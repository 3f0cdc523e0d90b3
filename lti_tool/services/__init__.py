"""LTI Advantage: keys, HTTP to platforms, access tokens, line items, scores, registrations.

May depend on `lti_tool.models`, `lti_tool.platforms`, the errors of `lti_tool.launch`, `grading`,
`notebooks` and `config`; knows no Flask.
"""
