"""The runner, its sandboxes and kernels, clean replays, and the client that others call it by.

Here lies what crosses its API (records, values, calls) and whoever calls it; each room below does
one part. Knows no database, no LMS and no secret but the runner's own certificate.
"""
