"""Views: parse the request, call one function, render. No query and no decision lives here.

Depends on everything else in `lti_tool`; nothing but `lti_tool.app` imports it.
"""
