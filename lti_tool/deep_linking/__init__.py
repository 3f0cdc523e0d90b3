"""Deep Linking: the dialog in which staff choose cases, or upload them, for their course.

May depend on `lti_tool.launch`, `lti_tool.sessions`, `lti_tool.models`, `lti_tool.services`,
`lti_tool.platforms`, `notebooks` and `config`; knows no Flask.
"""
