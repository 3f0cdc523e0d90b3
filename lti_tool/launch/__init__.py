"""OIDC login and LTI launch: claims, checks, state, and the one adapter around PyLTI1p3.

May depend on `lti_tool.sessions`, `lti_tool.models`, `lti_tool.services`, `lti_tool.platforms` and
`notebooks`; knows no Flask.
"""
