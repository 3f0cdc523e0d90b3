"""Downloads: files that a case names by address and SHA-256, fetched once and kept by their hash.

May depend on notebooks.errors only; knows nothing of cases.
"""
