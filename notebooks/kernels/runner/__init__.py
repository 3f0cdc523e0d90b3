"""The runner's process: its API, the kernels of attempts, their runs and outputs.

Stands on `provisioners` and `replay`; nothing of the product imports it but the command line.
"""
