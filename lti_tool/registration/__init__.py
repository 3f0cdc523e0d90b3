"""How platforms and the tool come to know each other: by an operator's hand, or by themselves.

May depend on `lti_tool.models`, `lti_tool.platforms`, `lti_tool.services`, `lti_tool.sessions`,
`lti_tool.vocab`, `notebooks.downloads` and `config`; knows no Flask.
"""
