"""Clean replays: `child` runs inside the sandbox with `encode` and `decode`, `host` drives it.

The child's modules import the standard library and IPython, and nothing of ours but each other.
"""
