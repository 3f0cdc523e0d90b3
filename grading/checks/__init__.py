"""Checks: what a claimed answer has to be, one file for each kind; pure, outside any sandbox.

`records` says how a probe's answer is judged, `judging` is the one entry. Depends on comparison
and the kernels' records.
"""
