"""The runner, its sandboxes and kernels, clean replays, and the client that others call it by.

Knows no database, no LMS and no secret but its own certificate.
"""
