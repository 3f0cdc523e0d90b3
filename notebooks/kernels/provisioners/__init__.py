"""Jupyter kernel provisioners: an ipykernel in a sandbox, on unix sockets in a sealed folder.

Stands on `sandboxes`; used by the runner's connections.
"""
