"""One file per prompt: a typed input, a version, and the words. What must not leak is no field.

Depends on records, the contract to models, and the guard's reading of code.
"""
