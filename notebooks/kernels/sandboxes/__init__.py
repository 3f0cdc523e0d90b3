"""Jails for untrusted programs: the contract (`base`), and what keeps it with bubblewrap.

Knows environments and limits; nothing of kernels, cells or replays.
"""
