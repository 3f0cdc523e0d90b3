"""The body of a request, from a prompt."""

from typing import Any

from llm.client.profiles import Profile
from llm.model import Prompt


def body_of(prompt: Prompt, profile: Profile, *, model: str, stream: bool) -> dict[str, Any]:
    """Return what is posted to `/v1/chat/completions`.

    Everything but the messages stands after them in no particular place of the prompt: what differs
    between two students' requests leaves a common beginning as it is.
    """
    sampling = prompt.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": one.role, "content": one.content} for one in prompt.messages],
        "max_tokens": prompt.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "presence_penalty": sampling.presence_penalty,
        **profile.extra,
        "stream": stream,
    }
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if prompt.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": prompt.schema.name,
                "strict": True,
                "schema": dict(prompt.schema.definition),
            },
        }
    if prompt.logprobs:
        body["logprobs"] = True
    if stream:
        body["stream_options"] = {"include_usage": True}
    return body
