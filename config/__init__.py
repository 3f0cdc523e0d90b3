"""Settings, database base, queue, certificates, roles, logging and process supervision.

Nothing of the domain lives here; every other package may depend on this one, it on none of them.
"""
