"""A small LTI 1.3 platform for trying the tool without a real LMS, and for testing it.

One course, three people, loopback only. Depends on config.settings and on nothing else of the
product: tool and platform may only meet over HTTP.
"""
