"""What runs inside a grading sandbox: the dialogue of a replay, and the server that forks jails.

Stands alone: standard library and IPython, of ours nothing but each other.
"""
