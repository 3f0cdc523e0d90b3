"""The workspace page's JSON API, one file per thing.

Every view names whose session it needs: `for_attempt` to read, `for_work` to change. Bodies are
pydantic records; answers are JSON; errors are `{"error", "code"}` (views/errors.py).
"""
