"""Authors' tests: assertions taken apart into questions whose answers are compared outside.

A plan is made from a test's text, settled with the ideal solution's answers, and judged by a
student's. May depend on comparison and on the records of notebooks; asks no sandbox itself.
"""
