"""Environments: content-addressed, read-only folders of packages, built by uv from requirements.

May depend on notebooks.errors only; cases check requirements with it, kernels and grading use what
is built here.
"""
