"""What differs between learning platforms: one class each, and no condition anywhere else.

Depends on `lti_tool.models.registration`, `lti_tool.services.http` and nothing more; reads no
clock, database or network.
"""
