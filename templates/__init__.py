"""Jinja templates, one context record per page; partials begin with an underscore."""
