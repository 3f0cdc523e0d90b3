"""Attempts, their documents and their runs: a learner's work on one assignment.

Learners and assignments are opaque keys here; who they are is the caller's knowledge.
"""
