"""A model of Qwen3's kind, two layers high: everything is real but what it says.

Its weights are random, the same each time. One channel of the embedding never changes and carries a
prior over tokens, so that answers are printable, close their strings and come to an end.
"""

import os
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType, quants
from numpy.typing import NDArray

VERSION = 2
"""Grows with every change: the file is kept under its number."""

_ARCH = "qwen3moe"
_HIDDEN, _LAYERS, _HEADS, _KV_HEADS, _HEAD = 128, 2, 4, 2, 32
_EXPERTS, _USED, _EXPERT_FF, _CONTEXT = 8, 2, 64, 8192
_SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_THINK = ("<think>", "</think>")
_MERGED = 124
_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}"
    "{{- '<|im_start|>assistant\\n' -}}"
    "{%- if enable_thinking is defined and enable_thinking is false -%}"
    "{{- '<think>\\n\\n</think>\\n\\n' -}}"
    "{%- endif -%}{%- endif -%}"
)
_LIKELY = {" ": 3.0, "e": 2.5, "a": 2.4, "t": 2.4, "o": 2.3, ".": 1.5, '"': 2.2, "}": 1.8, "]": 1.8}
_END = 0.7

Weights = NDArray[np.float32]


def tiny_model(folder: Path | None = None) -> Path:
    """Return the model's file, which is made where it is missing; about a megabyte."""
    cache_root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = (folder or cache_root / "casebook-tests") / f"tiny-{_ARCH}-{VERSION}.gguf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
            _write(Path(unfinished.name))
        Path(unfinished.name).replace(path)
    return path


@cache
def _byte_letters() -> tuple[str, ...]:
    """Return the letters that GPT-2's tokenizers write bytes with (Radford et al., 2019)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, next_letter = {}, 256
    for byte in range(256):
        letters[byte] = chr(byte) if byte in printable else chr(next_letter)
        next_letter += byte not in printable
    return tuple(letters[byte] for byte in range(256))


def _vocabulary() -> tuple[list[str], list[str]]:
    """Return all tokens in their order, and the merges that make the longer ones."""
    letters = [_byte_letters()[byte] for byte in b" etaoinshrdlucmfp"]
    pairs = [(first, second) for first in letters for second in letters[1:]][:_MERGED]
    tokens = [*_byte_letters(), *(first + second for first, second in pairs)]
    return [*tokens, *_SPECIALS, *_THINK], [f"{first} {second}" for first, second in pairs]


def _prior(tokens: list[str]) -> Weights:
    """Return how likely each token is, as logits: printable ASCII, some letters more, an end."""
    printable = {_byte_letters()[byte] for byte in range(32, 127)}
    prior = np.full(len(tokens), -30.0, dtype=np.float32)
    for index, token in enumerate(tokens):
        if token in printable:
            prior[index] = 0.0
    for letter, logit in _LIKELY.items():
        prior[tokens.index(_byte_letters()[ord(letter)])] = logit
    prior[tokens.index("<|im_end|>")] = _END
    return prior


def _write(path: Path) -> None:
    tokens, merges = _vocabulary()
    writer = GGUFWriter(path, _ARCH)
    writer.add_type("model")
    writer.add_name("Casebook's tiny test model")
    writer.add_quantization_version(2)
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_HIDDEN)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_EXPERT_FF * _USED)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_KV_HEADS)
    writer.add_key_length(_HEAD)
    writer.add_value_length(_HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_expert_count(_EXPERTS)
    writer.add_expert_used_count(_USED)
    writer.add_expert_feed_forward_length(_EXPERT_FF)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(_token_types(tokens))
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(_TEMPLATE)
    _add_tensors(writer, tokens)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _token_types(tokens: list[str]) -> list[int]:
    kinds = dict.fromkeys(_SPECIALS, TokenType.CONTROL) | dict.fromkeys(
        _THINK, TokenType.USER_DEFINED
    )
    return [int(kinds.get(token, TokenType.NORMAL)) for token in tokens]


def _add_tensors(writer: GGUFWriter, tokens: list[str]) -> None:
    rng = np.random.default_rng(VERSION)

    def drawn(*shape: int, scale: float = 0.02) -> Weights:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    def quantized(name: str, weights: Weights) -> None:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quants.quantize(weights, kind), raw_dtype=kind)

    def plain(name: str, weights: Weights) -> None:
        writer.add_tensor(name, weights)

    embedding = drawn(len(tokens), _HIDDEN, scale=0.3)
    embedding[:, 0] = 4.0
    quantized("token_embd.weight", embedding)
    output = drawn(len(tokens), _HIDDEN, scale=0.05)
    # What the last norm leaves of the constant channel is about the same for every token.
    output[:, 0] = _prior(tokens) / (4.0 / np.sqrt((4.0**2 + 127 * 0.3**2) / _HIDDEN))
    quantized("output.weight", output)
    plain("output_norm.weight", np.ones(_HIDDEN, dtype=np.float32))
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        for norm, size in (("attn_norm", _HIDDEN), ("ffn_norm", _HIDDEN)):
            plain(f"{block}.{norm}.weight", np.ones(size, dtype=np.float32))
        for norm in ("attn_q_norm", "attn_k_norm"):
            plain(f"{block}.{norm}.weight", np.ones(_HEAD, dtype=np.float32))
        quantized(f"{block}.attn_q.weight", drawn(_HEADS * _HEAD, _HIDDEN))
        quantized(f"{block}.attn_k.weight", drawn(_KV_HEADS * _HEAD, _HIDDEN))
        quantized(f"{block}.attn_v.weight", drawn(_KV_HEADS * _HEAD, _HIDDEN))
        quantized(f"{block}.attn_output.weight", drawn(_HIDDEN, _HEADS * _HEAD))
        plain(f"{block}.ffn_gate_inp.weight", drawn(_EXPERTS, _HIDDEN, scale=0.1))
        quantized(f"{block}.ffn_gate_exps.weight", drawn(_EXPERTS, _EXPERT_FF, _HIDDEN))
        quantized(f"{block}.ffn_up_exps.weight", drawn(_EXPERTS, _EXPERT_FF, _HIDDEN))
        quantized(f"{block}.ffn_down_exps.weight", drawn(_EXPERTS, _HIDDEN, _EXPERT_FF))
