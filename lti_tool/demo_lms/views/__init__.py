"""The platform's endpoints: parse, call one function, render or answer.

Depends on the rest of demo_lms and on Flask; nothing but app.py imports it.
"""
