"""Launch sessions once the launch is over: secrets, one-time tickets, tokens, who is asking.

May depend on `lti_tool.models`, `lti_tool.errors`, `notebooks` and `config`; knows no Flask.
"""
