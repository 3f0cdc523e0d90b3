"""The workspace page's JSON API, one file per thing; every view names whose session it needs.

Bodies are pydantic records; answers are JSON; errors are `{"error", "code"}` (views/errors.py).
"""
