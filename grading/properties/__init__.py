"""Properties of a function's results: what they say of data that came out of a sandbox.

Pure and outside any sandbox: `things` makes plain objects of claimed values, `evaluate` reads an
author's expression, `ready_made` knows the properties that have a name, `planning` says what is
called, and `variations` finds calls for the ideal solution.
"""
