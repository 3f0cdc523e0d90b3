"""Model client, prompts, analyst, writer, guard, chat and engine: evidence in, tokens out.

No tables, no tasks, no notebooks. Depends on config alone.
"""
