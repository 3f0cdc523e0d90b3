"""The one table of edx-platform that the roster service joins people with; a Django application."""
