"""The published certification checks and what others test, through HTTP against the running tool.

Tests carry the published names. This is a reproduction of the published lists, not a certificate.
"""
