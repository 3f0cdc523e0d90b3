"""Rules over students' code: today what cannot run, marked while they type.

`hard_errors.json` is the one list, which the page's checker is built from too. Depends on
nothing of grading but its errors; no tables, no Flask.
"""
