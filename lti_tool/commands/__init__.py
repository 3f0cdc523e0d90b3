"""One module per subcommand of `casebook`: parse, call what does the work, print.

Each has a `command`. May use everything below it; nothing but `lti_tool.cli` imports it.
"""
