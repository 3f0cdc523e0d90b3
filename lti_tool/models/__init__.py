"""Tables of the LTI tool, one entity per file."""
