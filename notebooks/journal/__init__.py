"""The journal: the ordered event log of one stream (an attempt, a case build).

Appending takes the stream's own counter in the writing transaction; a tailer per process fans
events out to readers. Knows nothing of what events mean.
"""
