"""How good feedback is, measured: labelled work, a judge, rates with honest intervals, a report.

Depends on the rest of llm; nothing but `casebook evaluate` depends on it. It needs the extra
`evaluation` (SciPy, Matplotlib), which a server that only serves goes without.
"""
