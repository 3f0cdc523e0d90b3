"""Text from outside, made fit for storing."""


def storable(text: str) -> str:
    """Return `text` without what PostgreSQL cannot hold: NUL and half surrogate pairs.

    Both come from student code and hand-made requests; each becomes U+FFFD.
    """
    if text.isascii():
        return text.replace("\0", "\ufffd")
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")
