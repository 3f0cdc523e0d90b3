"""What keeps a mentor from giving the solution away: secrets, their many disguises, the stream.

Pure text in, decisions out; depends on nothing else of llm. A guard knows the ideal solution, so
none of its records may enter a prompt whose answer a student reads.
"""

from llm.guard.conversation import Guard
from llm.guard.secret import Secret, secret_of
from llm.guard.stream import Held, Sentences

__all__ = ["Guard", "Held", "Secret", "Sentences", "secret_of"]
