"""A bundle laid out for the compiled kernels, and shared between the workers of a host.

The layout is computed once per host and kept as one file, which every worker maps into memory:
the pages are the host's, whatever the number of workers. It is named by the bundle and by the
source that laid it out, and verified by its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movierate.files import replace_file
from movierate.kernels.cache import Kernels, source_digest
from movierate.kernels.constants import BUCKET, COLUMNS, SHORT
from movierate.kernels.winograd import EVALUATE_KERNEL
from movierate.model.bundle import Bundle
from movierate.model.shapes import CONV1_FILTERS, CONV_WIDTH
from movierate.text.vocabulary import PADDING, Vocabulary

Arrays = Mapping[str, NDArray[np.generic]]

LARGEST = 32_767
"""The largest int16."""

LEVEL_BITS, RANK_BITS = 7, 21


def lay_out(bundle: Bundle, kernels: Kernels) -> Arrays:
    """The arrays that `movierate.kernels` reads, for a bundle.

    ==============  ========================  ===================================================
    table           int16 (ids * 5 * 128,)    the first convolution of each id at each tap
    scale1, bias1   float32 (128,)            table's unit per filter; the convolution's bias
    conv2           float32 (8*4*128*16,)     the second kernel at eight points, in panels
    bias2           float32 (64,)
    gates_x, _h     float32 (16*64*16,)       the LSTM's kernels, in panels
    gates_bias      float32 (256,)
    dense           float32 (65,)             its weights, then its bias
    short, long,    see `scan.build`          the vocabulary, and the order of salience
    long_bytes
    phrases         see `scan.build_phrases`  the vocabulary's phrases
    salience        float32 (ids,)            as in the bundle
    ==============  ========================  ===================================================
    """
    weights = bundle.weights
    table, scale = _first_convolution(weights)
    kernel2 = np.einsum("pk,kio->pio", EVALUATE_KERNEL, weights["conv2/kernel"].astype(np.float64))
    return {
        "table": table,
        "scale1": scale,
        "bias1": weights["conv1/bias"],
        "conv2": _panels(kernel2.astype(np.float32)),
        "bias2": weights["conv2/bias"],
        "gates_x": _panels(weights["lstm/kernel"][None]),
        "gates_h": _panels(weights["lstm/recurrent_kernel"][None]),
        "gates_bias": weights["lstm/bias"],
        "dense": np.concatenate([weights["dense/kernel"].ravel(), weights["dense/bias"]]),
        "salience": bundle.salience,
        **lay_out_vocabulary(bundle.vocabulary, _ranks(bundle.salience), kernels),
    }


def _first_convolution(
    weights: Mapping[str, NDArray[np.float32]],
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Embedding and first kernel as one table, and its unit per filter.

    The unit is the smallest with which no sum of five rows overflows. Products are float64: with
    other threads or another processor, sums of float32 differ by enough to round some entries to
    the next number, and a review would be rated a little otherwise there.
    """
    embedding = weights["embedding/embeddings"].astype(np.float64)
    kernel = weights["conv1/kernel"].transpose(1, 0, 2).reshape(embedding.shape[1], -1)
    kernel = kernel.astype(np.float64)
    part = max(1, (32 << 20) // (8 * kernel.shape[1]))  # rows of 32 MB in float64
    starts = range(0, len(embedding), part)
    peaks = np.zeros(kernel.shape[1])
    for start in starts:
        rows = embedding[start : start + part] @ kernel
        np.maximum(peaks, np.maximum(rows.max(axis=0), -rows.min(axis=0)), out=peaks)
    # A position that sees no token has the lowest sum, which the ReLU must turn to zero.
    largest = np.maximum(peaks.reshape(CONV_WIDTH, -1).sum(axis=0), np.abs(weights["conv1/bias"]))
    scale = (np.maximum(largest, 1e-30) / (LARGEST - CONV_WIDTH)).astype(np.float32)
    table = np.empty((len(embedding), kernel.shape[1]), dtype=np.int16)
    divided = kernel / np.tile(scale, CONV_WIDTH)
    for start in starts:
        rows = embedding[start : start + part] @ divided
        np.rint(rows, out=rows)
        table[start : start + part] = rows
    table[PADDING] = 0
    table[PADDING, :CONV1_FILTERS] = -LARGEST
    return table.ravel(), scale


def _panels(matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    """(count, depth, columns) to (count, columns / 16, depth, 16), flat."""
    count, depth, columns = matrices.shape
    panels = matrices.reshape(count, depth, columns // COLUMNS, COLUMNS).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(panels).ravel()


def _ranks(salience: NDArray[np.float32]) -> NDArray[np.int64]:
    """Numbers in the order of salience; equal salience has an equal number.

    The upper bits cut the order into levels that hold about as many tokens of a text each, by the
    rule of thumb that a word's frequency falls as one over its id: a few levels tell most of what
    is taken.
    """
    _, order = np.unique(-salience, return_inverse=True)
    rank = order.max() - order
    mass = np.bincount(rank, weights=1 / (np.arange(len(salience)) + 3))
    levels = (np.cumsum(mass) / mass.sum() * ((1 << LEVEL_BITS) - 1)).astype(np.int64)
    ranks: NDArray[np.int64] = levels[rank] << RANK_BITS | rank
    return ranks


def lay_out_vocabulary(
    vocabulary: Vocabulary, ranks: NDArray[np.int64], kernels: Kernels
) -> Arrays:
    """The vocabulary's part of `lay_out`.

    Args:
        vocabulary: words and phrases.
        ranks: (ids,) by salience; any, if only phrases are looked up.
        kernels: the compiled code.
    """
    encoded = [token.encode() for token in vocabulary.tokens[: vocabulary.words]]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(token) for token in encoded], out=offsets[1:])
    data = np.frombuffer(b"".join(encoded) + bytes(SHORT), dtype=np.uint8)
    long_tokens = sum(len(token) > SHORT for token in encoded)
    phrases = [(one, two, id) for (one, two), id in vocabulary.phrases.items()]
    buckets = max(2, _slots(len(phrases)) // BUCKET) if phrases else 1
    arrays: dict[str, Any] = {
        "short": np.zeros((_slots(len(encoded)) + 1, 3), dtype=np.uint64),
        "long": np.zeros((_slots(long_tokens) + 1, 3), dtype=np.int64),
        "long_bytes": np.zeros(max(1, len(data)), dtype=np.uint8),
        "phrases": np.zeros((buckets, 2 * BUCKET), dtype=np.uint64),
    }
    kernels.build(data, offsets, ranks, arrays["short"], arrays["long"], arrays["long_bytes"])
    triples = np.array(phrases, dtype=np.int64).reshape(-1, 3)
    kernels.build_phrases(triples, ranks, arrays["phrases"])
    return arrays


def _slots(tokens: int) -> int:
    """A power of two that leaves at least half of the slots empty."""
    return 1 << max(1, 2 * tokens - 1).bit_length()


def shared(name: str, directory: Path, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of a file that all workers of a host map; made by the first of them.

    Args:
        name: of what is laid out: a bundle's model_id.
        directory: the executor's own.
        make: lays it out.

    Raises:
        OSError: the directory can't be used.
    """
    path = directory / f"movierate-{name}-{source_digest(__name__)[:16]}.tables"
    arrays = _map(path)
    if arrays is None:
        from filelock import FileLock  # 50 ms, which most processes save

        with FileLock(path.with_suffix(".lock")):
            arrays = _map(path)
            if arrays is None:
                _write(path, make())
                arrays = _map(path)
    if arrays is None:
        raise OSError(f"{path} is not what was written to it")
    return arrays


ALIGNMENT = 64
"""Bytes; where arrays begin in the file."""


def _write(path: Path, arrays: Arrays) -> None:
    """The SHA-256 of what follows, a line of JSON that says where each array lies, the arrays."""
    places, size, parts = {}, 0, []
    for key, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        data += bytes(-len(data) % ALIGNMENT)
        places[key] = {"dtype": array.dtype.str, "shape": array.shape, "start": size}
        size += len(data)
        parts.append(data)
    head = json.dumps(places).encode()
    head += b" " * (-(DIGEST + len(head) + 1) % ALIGNMENT) + b"\n"
    digest = hashlib.sha256(head)
    for part in parts:
        digest.update(part)
    replace_file(path, b"".join([digest.digest(), head, *parts]))


DIGEST = 32
"""Bytes of a SHA-256."""


def _map(path: Path) -> Arrays | None:
    """The arrays of a file, mapped read-only; None if it is missing or damaged."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        stated, digest = file.read(DIGEST), hashlib.sha256()
        while part := file.read(1 << 20):
            digest.update(part)
        if digest.digest() != stated:
            return None
        file.seek(DIGEST)
        places = json.loads(file.readline())
        start = file.tell()
    data = np.memmap(path, mode="r", dtype=np.uint8)
    arrays = {}
    for key, place in places.items():
        count = int(np.prod(place["shape"]))
        array = np.frombuffer(data, place["dtype"], count, start + place["start"])
        arrays[key] = array.reshape(place["shape"])
    return arrays
