"""Cases, environments, attempts, documents, the journal, outputs, objects and kernels.

Knows notebooks and the people who work on them only by opaque keys: no LTI, no points, no model.
Depends on config alone.
"""
