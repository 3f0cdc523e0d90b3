"""Sandboxes as containers of Docker or Podman; what `sandboxes.base` promises, kept by an engine.

`launcher` starts them, `options` says how, `engine` talks to the engine's API, `entry` and `enter`
are the two ends of the sockets between a container's first process and us.
"""
