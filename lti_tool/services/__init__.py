"""LTI Advantage: keys, HTTP to platforms, access tokens, line items, scores, registrations.

May depend on `lti_tool.models`, `lti_tool.platforms` and `config`; knows no Flask.
"""
