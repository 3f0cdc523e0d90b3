"""The LTI 1.3 tool: Flask application, launches, LTI Advantage services, platforms, pages, CLI.

The only package that knows Flask or LTI. Depends on everything below it.
"""
