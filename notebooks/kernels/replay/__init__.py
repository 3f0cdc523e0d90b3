"""Clean replays: the host's side, which starts, drives and bounds them and believes nothing.

What runs in sandboxes lies in the room `inside`. Stands on `sandboxes`; the runner and
`casebook grade` use it through `local`.
"""
