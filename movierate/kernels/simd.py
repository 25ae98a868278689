"""Vector instructions that numba does not offer, written as LLVM's own code.

Each function here stands for a short piece of straight vector code. The vectors are as wide as
the data; LLVM cuts them to what the processor has.

NumPy's matrix products run the network at a tenth of the throughput of the whole rater, and the
reference encoder in Python at a seventh (`python benchmarks/kernels.py --reviews PARQUET`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from movierate.kernels.constants import BLOCK, BUCKET, COLUMNS, ROWS

I8, I16, I32, I64, F32 = (
    ir.IntType(8),
    ir.IntType(16),
    ir.IntType(32),
    ir.IntType(64),
    ir.FloatType(),
)


def _pointer(context: Any, builder: Any, type: Any, array: Any, index: Any, vector: Any) -> Any:
    data = context.make_array(type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _load(builder: Any, pointer: Any, align: int) -> Any:
    value = builder.load(pointer)
    value.align = align
    return value


def _store(builder: Any, value: Any, pointer: Any, align: int) -> None:
    builder.store(value, pointer).align = align


def _splat(builder: Any, scalar: Any, width: int) -> Any:
    vector = ir.VectorType(scalar.type, width)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, I32(0))
    zeros = ir.Constant(ir.VectorType(I32, width), [0] * width)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    width = a.type.count
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(a.type, [a.type] * 3), f"llvm.fmuladd.v{width}f32"
    )
    return builder.call(function, [a, b, c])


@intrinsic
def bits_between(typing: Any, text: Any, start: Any, low: Any, high: Any) -> Any:
    """A bit for each of the 64 bytes from start: is it at least low and at most high."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = ir.VectorType(I8, BLOCK)
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1], block)
        bytes = _load(builder, pointer, 1)
        low, high = (_splat(builder, builder.trunc(bound, I8), BLOCK) for bound in args[2:])
        within = builder.icmp_unsigned("<=", builder.sub(bytes, low), builder.sub(high, low))
        return builder.bitcast(within, I64)

    return types.uint64(text, types.intp, types.intp, types.intp), generate


@intrinsic
def lower_block(typing: Any, text: Any, start: Any, lowered: Any, target: Any) -> Any:
    """Copy 64 bytes, A to Z as a to z and ` as '; True if one of them is not ASCII."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = ir.VectorType(I8, BLOCK)
        source = _pointer(context, builder, signature.args[0], args[0], args[1], block)
        target = _pointer(context, builder, signature.args[2], args[2], args[3], block)
        bytes = _load(builder, source, 1)

        def all_of(character: str) -> Any:
            return ir.Constant(block, [ord(character)] * BLOCK)

        offset = builder.sub(bytes, all_of("A"))
        is_upper = builder.icmp_unsigned("<=", offset, ir.Constant(block, [25] * BLOCK))
        lower = builder.select(is_upper, builder.or_(bytes, all_of(" ")), bytes)
        is_grave = builder.icmp_unsigned("==", bytes, all_of("`"))
        _store(builder, builder.select(is_grave, all_of("'"), lower), target, 1)
        signs = builder.icmp_signed("<", bytes, ir.Constant(block, [0] * BLOCK))
        return builder.icmp_unsigned("!=", builder.bitcast(signs, I64), I64(0))

    return types.boolean(text, types.intp, lowered, types.intp), generate


@intrinsic
def blank_block(typing: Any, text: Any, start: Any) -> Any:
    """Write 64 spaces."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = ir.VectorType(I8, BLOCK)
        target = _pointer(context, builder, signature.args[0], args[0], args[1], block)
        _store(builder, ir.Constant(block, [ord(" ")] * BLOCK), target, 1)
        return context.get_dummy_value()

    return types.void(text, types.intp), generate


@intrinsic
def eight_bytes(typing: Any, text: Any, start: Any) -> Any:
    """The 8 bytes from start as one number, the first the least."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1], I64)
        return _load(builder, pointer, 1)

    return types.uint64(text, types.intp), generate


@intrinsic
def value_of(typing: Any, key: Any, table: Any, start: Any) -> Any:
    """The value of a key: table, uint64, has `BUCKET` keys from start on and then their values.

    0 if none of them is the key.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        key, table, start = args
        bucket = ir.VectorType(I64, BUCKET)
        keys, values = (
            _load(builder, _pointer(context, builder, signature.args[1], table, at, bucket), 8)
            for at in (start, builder.add(start, I64(BUCKET)))
        )
        same = builder.icmp_unsigned("==", keys, _splat(builder, key, BUCKET))
        reduce = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(I64, [bucket]), f"llvm.vector.reduce.or.v{BUCKET}i64"
        )
        return builder.call(reduce, [builder.and_(builder.sext(same, bucket), values)])

    return types.uint64(types.uint64, table, types.intp), generate


@intrinsic
def lowest_bit(typing: Any, bits: Any) -> Any:
    """The place of the lowest bit that is set; one must be."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


def fetch(bytes: int) -> Callable[..., None]:
    """The code that asks for so many bytes of memory before they are needed.

    What it returns is called as ``(array, start)``: the index of the first element.
    """

    @intrinsic
    def fetched(typing: Any, array: Any, start: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, args[0]).data
            pointer = builder.bitcast(builder.gep(data, [args[1]]), I8.as_pointer())
            function = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(ir.VoidType(), [I8.as_pointer(), I32, I32, I32]),
                "llvm.prefetch.p0",
            )
            for offset in range(0, bytes, 64):
                line = builder.gep(pointer, [I64(offset)])
                builder.call(function, [line, I32(0), I32(2), I32(1)])  # to read, to L2, data
            return context.get_dummy_value()

        return types.void(array, types.intp), generate

    return fetched  # type: ignore[no-any-return]


def pooled_sums(width: int, pool: int, filters: int) -> Callable[..., None]:
    """The code of a convolution that is sums of table rows, its pooling and its ReLU.

    What it returns is called as ``(table, words, scale, bias, out, start)`` and computes one
    pooled position. table: int16 (ids * width * filters,), words: (width + pool - 1) ids, a
    tuple; scale and bias: float32 (filters,); out: float32, written from start on.
    """
    lanes = 16

    @intrinsic
    def pooled(
        typing: Any, table: Any, words: Any, scale: Any, bias: Any, out: Any, start: Any
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            shorts, floats = ir.VectorType(I16, lanes), ir.VectorType(F32, lanes)
            rows = [
                builder.mul(word, I64(width * filters))
                for word in cgutils.unpack_tuple(builder, args[1])
            ]

            def vector(which: int, index: Any, kind: Any, align: int) -> Any:
                type = signature.args[which]
                pointer = _pointer(context, builder, type, args[which], index, kind)
                return _load(builder, pointer, align)

            with cgutils.for_range_slice(builder, I64(0), I64(filters), I64(lanes)) as (first, _):
                best = None
                for position in range(pool):
                    total = None
                    for tap in range(width):
                        at = builder.add(rows[position + tap], I64(tap * filters))
                        row = vector(0, builder.add(at, first), shorts, 2)
                        total = row if total is None else builder.add(total, row)
                    if best is None:
                        best = total
                    else:
                        larger = builder.icmp_signed(">", total, best)
                        best = builder.select(larger, total, best)
                value = _fma(
                    builder,
                    builder.sitofp(best, floats),
                    vector(2, first, floats, 4),
                    vector(3, first, floats, 4),
                )
                zero = ir.Constant(floats, [0.0] * lanes)
                value = builder.select(builder.fcmp_ordered(">", value, zero), value, zero)
                at = builder.add(args[5], first)
                target = _pointer(context, builder, signature.args[4], args[4], at, floats)
                _store(builder, value, target, 4)
            return context.get_dummy_value()

        return types.void(table, words, scale, bias, out, types.intp), generate

    return pooled  # type: ignore[no-any-return]


def combine(matrix: np.ndarray, columns: int) -> Callable[..., None]:
    """The code of ``matrix @ x`` for a small constant matrix and an x of so many columns.

    What it returns is called as ``(x, start, stride, out, out_start, out_stride)``: row r of x
    lies at ``start + r * stride``, row r of the product goes to ``out_start + r * out_stride``.
    """
    lanes = 16

    @intrinsic
    def combined(
        typing: Any, x: Any, start: Any, stride: Any, out: Any, out_start: Any, out_stride: Any
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            floats = ir.VectorType(F32, lanes)
            with cgutils.for_range_slice(builder, I64(0), I64(columns), I64(lanes)) as (first, _):
                rows = []
                for row in range(matrix.shape[1]):
                    at = builder.add(args[1], builder.mul(args[2], I64(row)))
                    at = builder.add(at, first)
                    pointer = _pointer(context, builder, signature.args[0], args[0], at, floats)
                    rows.append(_load(builder, pointer, 4))
                for target, factors in enumerate(matrix):
                    total = None
                    for factor, row in zip(factors, rows, strict=True):
                        if factor == 0:
                            continue
                        constant = ir.Constant(floats, [float(np.float32(factor))] * lanes)
                        if total is None:
                            total = builder.fmul(row, constant)
                        else:
                            total = _fma(builder, row, constant, total)
                    at = builder.add(args[4], builder.mul(args[5], I64(target)))
                    at = builder.add(at, first)
                    pointer = _pointer(context, builder, signature.args[3], args[3], at, floats)
                    _store(builder, total, pointer, 4)
            return context.get_dummy_value()

        index = types.intp
        return types.void(x, index, index, out, index, index), generate

    return combined  # type: ignore[no-any-return]


@intrinsic
def multiply_block(
    typing: Any,
    a: Any,
    a_start: Any,
    a_stride: Any,
    b: Any,
    b_start: Any,
    depth: Any,
    out: Any,
    out_start: Any,
    out_stride: Any,
) -> Any:
    """out[6, 16] = a[6, depth] @ b[depth, 16], float32; b's 16 columns lie together."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, a_start, a_stride, b, b_start, depth, out, out_start, out_stride = args
        floats = ir.VectorType(F32, COLUMNS)
        zero = ir.Constant(floats, [0.0] * COLUMNS)
        left = [
            _pointer(
                context,
                builder,
                signature.args[0],
                a,
                builder.add(a_start, builder.mul(a_stride, I64(row))),
                F32,
            )
            for row in range(ROWS)
        ]
        right = _pointer(context, builder, signature.args[3], b, b_start, floats)
        before = builder.block
        body = builder.append_basic_block("multiply")
        after = builder.append_basic_block("multiplied")
        builder.branch(body)
        builder.position_at_end(body)
        step = builder.phi(I64)
        sums = [builder.phi(floats) for _ in range(ROWS)]
        step.add_incoming(I64(0), before)
        for total in sums:
            total.add_incoming(zero, before)
        columns = _load(builder, builder.gep(right, [step]), 4)
        for row, total in enumerate(sums):
            factor = _splat(builder, builder.load(builder.gep(left[row], [step])), COLUMNS)
            total.add_incoming(_fma(builder, factor, columns, total), body)
        following = builder.add(step, I64(1))
        step.add_incoming(following, body)
        builder.cbranch(builder.icmp_signed("<", following, depth), body, after)
        builder.position_at_end(after)
        for row, total in enumerate(sums):
            at = builder.add(out_start, builder.mul(out_stride, I64(row)))
            pointer = _pointer(context, builder, signature.args[6], out, at, floats)
            _store(builder, total.incomings[1][0], pointer, 4)
        return context.get_dummy_value()

    index = types.intp
    return types.void(a, index, index, b, index, index, out, index, index), generate
