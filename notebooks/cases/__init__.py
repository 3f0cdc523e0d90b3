"""The case format: reading a folder or zip into typed records with positioned problems.

Stored case versions live here too. No judgement, no sandbox, no LMS.
"""
