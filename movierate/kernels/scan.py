"""UTF-8 to ids: the definition of `movierate.text.tokens`, a block of 64 bytes at a time.

A text is read in these steps:

1. it is copied in lower case. A text that is not ASCII is normalized so that what follows is right
   for it, too: letters in lower case, marks that no letter precedes and all that is no part of a
   token as spaces, apostrophes as ``'``, spaces around symbols. Every byte from 0x80 is then part
   of a word or a symbol;
2. each block becomes bit masks: which bytes are of words, of runs of ! and ?, digits, ...;
3. tags are found, and their bits cleared;
4. apostrophes, full stops and slashes that join are added to the words; where the bits of a word
   or run begin and end, a token does;
5. tokens are looked up: two 8-byte numbers hold all of a token of up to 16 bytes. A letter may
   turn out to be a grade, and an unknown word to be a longer form of one that is known.

What entities stand for is left to Python: a text that has one is reported, not encoded.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from movierate.kernels.code_points import (
    APOSTROPHE,
    BIAS,
    DOT_ABOVE,
    DOTTED_I,
    KIND_SHIFT,
    LETTER,
    MARK,
    PAGES,
    POINTS,
    SYMBOL,
    TO_ASCII,
)
from movierate.kernels.constants import (
    BLOCK,
    BUCKET,
    DIGIT,
    ENCODED,
    ENDS,
    HAS_ENTITY,
    LAST,
    MASKS,
    SALIENT,
    SHORT,
    TOO_LONG,
    UNFORESEEN,
)
from movierate.kernels.simd import (
    bits_between,
    blank_block,
    eight_bytes,
    fetch,
    lower_block,
    lowest_bit,
    value_of,
)
from movierate.text.language import COMMON
from movierate.text.tokens import GRADES, LONGEST_RUN
from movierate.text.vocabulary import LONGEST_SQUEEZED, UNKNOWN

_exported = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_options = {"nogil": True, "_nrt": False, "error_model": "numpy"}
_FACTOR1, _FACTOR2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_ONE, _TOP, _ID = np.uint64(1), np.uint64(63), np.uint64(0xFFFFFFFF)
_fetch_slot, _fetch_bucket = fetch(24), fetch(16 * BUCKET)
GRADE_FIRST, GRADE_LAST = ord(GRADES[0]), ord(GRADES[-1])
_KEEP = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)


@njit(**_options, **_exported)
def scan(
    data, offsets, decoded, choose, live, short, long, long_bytes, phrases,
    low, masks, starts, ends, tokens, pairs, ids, counts, known, words, outcome,
):  # fmt: skip
    """Encode texts.

    data: uint8, UTF-8; offsets: int64 (n + 1,); decoded: int64, 1 if entities were decoded before;
    choose: `LAST`, ...; live: tokens to take at most. short, long, long_bytes, phrases: the
    vocabulary as `build` and `build_phrases` lay it out. low: uint8, masks: uint64, starts, ends:
    int32, tokens, pairs: uint64 are room to work in (see `movierate.inference.encoder`); a text
    that needs more is not encoded.
    Written: ids int32 (n, >= live), counts, known: int32 (n,), words: int32 (n, 3), of
    `movierate.text.language`: all, known, common; outcome: uint8 (n,).
    """
    for row in range(offsets.shape[0] - 1):
        begin, end = offsets[row], offsets[row + 1]
        counts[row] = 0
        known[row] = 0
        words[row, :] = 0
        cut = begin
        has_phrases = phrases.shape[0] > 1  # what is one depends on all that stands before it
        if choose == LAST and not has_phrases:
            cut = _cut(data, begin, end, live * 8)
        found, state, closes = 0, TOO_LONG, False
        while (end - cut) * 3 // 2 + 3 * BLOCK <= low.shape[
            0
        ]:  # see `movierate.inference.encoder._room`
            found, state, closes = _tokens(data, cut, end, decoded, low, masks, starts, ends)
            if cut == begin or state != ENCODED or (found >= live and not closes):
                break
            found, state = 0, TOO_LONG
            cut = _cut(data, begin, end, 4 * (end - cut))
        outcome[row] = state
        if state != ENCODED:
            continue
        is_looked_up = has_phrases or choose == SALIENT
        if is_looked_up:
            _look_up(low, 0, found, starts, ends, short, long, long_bytes, tokens)
            _count(low, starts, tokens, found, words, row)
        if has_phrases:
            found, _ = _join(tokens, found, True, phrases, pairs)
        if choose == SALIENT and found > live:
            _salient(found, live, tokens, ids, row)
            taken = live
        else:
            taken = min(found, live)
            head = live // 3 if choose == ENDS and found > live else 0
            rest = found - (taken - head)
            if not is_looked_up:
                _look_up(low, 0, head, starts, ends, short, long, long_bytes, tokens)
                _look_up(low, rest, found, starts, ends, short, long, long_bytes, tokens)
            for i in range(taken):
                ids[row, i] = tokens[i if i < head else rest + i - head] & _ID
        number = 0
        for i in range(taken):
            number += ids[row, i] > UNKNOWN
        for i in range(taken, ids.shape[1]):
            ids[row, i] = 0
        counts[row] = taken
        known[row] = number
    return 0


@njit(**_options)
def _count(low, starts, tokens, found, words, row):
    """What `movierate.text.language.count_words` says."""
    known = 0
    common = 0
    for i in range(found):
        id = tokens[i] & _ID
        known += id > UNKNOWN
        common += (id > UNKNOWN) & (id <= UNKNOWN + COMMON)
    neutral = 0
    if known < found:
        for i in range(found):
            if tokens[i] & _ID == UNKNOWN and low[starts[i]] >= 0xE2:
                neutral += _is_symbol(low, starts[i])
    words[row, 0] = found - neutral
    words[row, 1] = known
    words[row, 2] = common


@njit(**_options)
def _is_symbol(low, at):
    """Whether a code point of three or four bytes is one of `movierate.text.tokens.SYMBOLS`."""
    return _entry(_code_point(low, at, 3 if low[at] < 0xF0 else 4)) >> KIND_SHIFT == SYMBOL


@njit(**_options)
def _cut(data, begin, end, length):
    """A space at least so many bytes before the end, or the text's begin.

    No token and no entity goes across a space; `_tokens` says if a tag might.
    """
    cut = end - length
    while cut > begin and data[cut] != 0x20:
        cut -= 1
    return max(cut, begin)


@njit(**_options)
def _tokens(data, begin, end, decoded, low, masks, starts, ends):
    """Find the tokens of a text.

    Returns how many; the outcome; and whether a tag that began before the text may close in it.
    """
    length = _lower(data, begin, end, low)
    if length < 0:
        return 0, UNFORESEEN, False
    blocks = length // BLOCK + 1  # the last byte is a space, where every token has ended
    angles = np.uint64(0)
    entities = np.uint64(0)
    for block in range(blocks):
        at = block * BLOCK
        digits = bits_between(low, at, 0x30, 0x39)
        words = bits_between(low, at, 0x61, 0x7A) | digits | bits_between(low, at, 0x80, 0xFF)
        runs = bits_between(low, at, 0x21, 0x21) | bits_between(low, at, 0x3F, 0x3F)
        mask = MASKS * block
        masks[mask] = words
        masks[mask + 1] = runs
        masks[mask + 2] = digits
        masks[mask + 3] = bits_between(low, at, 0x27, 0x27)
        masks[mask + 4] = bits_between(low, at, 0x2E, 0x2F)
        angles |= bits_between(low, at, 0x3C, 0x3C) | bits_between(low, at, 0x3E, 0x3E)
        entities |= bits_between(low, at, 0x26, 0x26)
    if entities != 0 and not decoded and _has_entity(low, length):
        return 0, HAS_ENTITY, False
    closes = False
    if angles != 0:
        closes = _clear_tags(low, blocks, masks)
    return _bounds(blocks, masks, starts, ends), ENCODED, closes


@njit(**_options)
def _lower(data, begin, end, low):
    """Copy a text in lower case, and spaces behind it; returns its new length, -1: unforeseen."""
    length = end - begin
    foreign = False
    if length >= BLOCK:
        for at in range(0, length - BLOCK, BLOCK):
            foreign |= lower_block(data, begin + at, low, at)
        foreign |= lower_block(data, end - BLOCK, low, length - BLOCK)
    else:  # a block might reach beyond the data
        for i in range(length):
            low[i] = data[begin + i]
        foreign |= lower_block(low, 0, low, 0)
    if foreign:
        length = _normalize(data, begin, end, low)
    blank_block(low, max(length, 0))
    return length


@njit(**_options)
def _normalize(data, begin, end, low):
    """The first step for a text that is not ASCII."""
    at = begin
    out = 0
    marks = False  # does a mark belong to the word before it
    while at < end:
        byte = np.int64(data[at])
        if at + BLOCK <= end and byte < 0x80 and not lower_block(data, at, low, out):
            at += BLOCK
            out += BLOCK
            marks = _is_alnum(low[out - 1])
            continue
        if byte < 0x80:
            at += 1
            if 0x41 <= byte <= 0x5A:
                byte += 0x20
            elif byte == 0x60:
                byte = 0x27
            marks = _is_alnum(byte)
            low[out] = byte
            out += 1
            continue
        size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        if at + size > end:
            size, code = 1, np.int64(0)  # no UTF-8
        else:
            code = _code_point(data, at, size)
        at += size
        entry = _entry(code)
        kind = entry >> KIND_SHIFT
        lower = code - BIAS + (entry & ((1 << KIND_SHIFT) - 1))
        if kind == LETTER:
            marks = True
            out = _write(lower, low, out)
        elif kind == MARK and marks:
            out = _write(lower, low, out)
        elif kind == TO_ASCII:
            if out > 0 and low[out - 1] == 0x3C:
                return -1  # in lower case this looks like a tag
            marks = True
            low[out] = lower
            out += 1
            if code == DOTTED_I:
                out = _write(DOT_ABOVE, low, out)
        elif kind == SYMBOL:
            marks = False
            if out > 0 and low[out - 1] != 0x20:
                low[out] = 0x20
                out += 1
            out = _write(lower, low, out)
            low[out] = 0x20
            out += 1
        else:
            marks = False
            low[out] = 0x27 if kind == APOSTROPHE else 0x20
            out += 1
    return out


@njit(**_options, inline="always")
def _code_point(bytes, at, size):
    """The code point of so many bytes of UTF-8, two at least."""
    code = np.int64(bytes[at]) & (0x7F >> size)
    for i in range(1, size):
        code = code << 6 | (np.int64(bytes[at + i]) & 0x3F)
    return code


@njit(**_options, inline="always")
def _entry(code):
    """What `movierate.kernels.code_points` says of a code point."""
    page = np.int64(PAGES[min(code >> 8, PAGES.shape[0] - 1)])
    return np.int64(POINTS[page * 256 + (code & 0xFF)])


@njit(**_options, inline="always")
def _write(code, low, out):
    """Write a code point as UTF-8; returns where the next goes."""
    if code < 0x800:
        low[out] = 0xC0 | code >> 6
        low[out + 1] = 0x80 | (code & 0x3F)
        return out + 2
    if code < 0x10000:
        low[out] = 0xE0 | code >> 12
        low[out + 1] = 0x80 | (code >> 6 & 0x3F)
        low[out + 2] = 0x80 | (code & 0x3F)
        return out + 3
    low[out] = 0xF0 | code >> 18
    low[out + 1] = 0x80 | (code >> 12 & 0x3F)
    low[out + 2] = 0x80 | (code >> 6 & 0x3F)
    low[out + 3] = 0x80 | (code & 0x3F)
    return out + 4


@njit(**_options, inline="always")
def _is_alnum(byte):
    return (0x61 <= byte <= 0x7A) or (0x30 <= byte <= 0x39)


@njit(**_options)
def _has_entity(low, length):
    """Might an entity be there: &, then letters, digits and #, then a semicolon."""
    for at in range(length):
        if low[at] == 0x26:
            i = at + 1
            while i < min(length, at + 34) and (_is_alnum(low[i]) or low[i] == 0x23):
                i += 1
            if i > at + 1 and i < length and low[i] == 0x3B:
                return True
    return False


@njit(**_options)
def _clear_tags(low, blocks, masks):
    """Clear the bits of tags; returns whether the first angle bracket is a closing one."""
    opened = -1
    closes = False
    is_first = True
    for block in range(blocks):
        at = block * BLOCK
        angles = bits_between(low, at, 0x3C, 0x3C) | bits_between(low, at, 0x3E, 0x3E)
        while angles != 0:
            here = at + lowest_bit(angles)
            angles &= angles - _ONE
            if low[here] == 0x3C:
                following = low[here + 1]  # a space follows the text
                is_tag = 0x61 <= following <= 0x7A or following == 0x2F or following == 0x21
                opened = here if is_tag else -1
            else:
                if opened >= 0:
                    _clear(masks, opened, here)
                opened = -1
                closes |= is_first
            is_first = False
    return closes


@njit(**_options)
def _clear(masks, first, last):
    """Clear the bits of the bytes from first to last."""
    for block in range(first // BLOCK, last // BLOCK + 1):
        bits = ~np.uint64(0)
        if block == first // BLOCK:
            bits &= ~np.uint64(0) << np.uint64(first % BLOCK)
        if block == last // BLOCK:
            bits &= ~np.uint64(0) >> np.uint64(BLOCK - 1 - last % BLOCK)
        for mask in range(MASKS * block, MASKS * block + MASKS):
            masks[mask] &= ~bits


@njit(**_options)
def _bounds(blocks, masks, starts, ends):
    """Where tokens start and end, from the masks; returns how many there are."""
    began = 0
    ended = 0
    word = digit = run = token = np.uint64(0)  # the bit before the block's first
    for block in range(blocks):
        mask = MASKS * block
        words, runs, digits = masks[mask], masks[mask + 1], masks[mask + 2]
        next_word = next_digit = np.uint64(0)
        if block + 1 < blocks:
            next_word = masks[mask + MASKS] << _TOP
            next_digit = masks[mask + MASKS + 2] << _TOP
        joins = masks[mask + 3] & (words << _ONE | word) & (words >> _ONE | next_word)
        joins |= masks[mask + 4] & (digits << _ONE | digit) & (digits >> _ONE | next_digit)
        tokens = words | joins
        before, before_run = tokens << _ONE | token, runs << _ONE | run
        begins = (tokens & ~before) | (runs & ~before_run)
        finishes = (~tokens & before) | (~runs & before_run)
        word, digit, run, token = words >> _TOP, digits >> _TOP, runs >> _TOP, tokens >> _TOP
        at = block * BLOCK
        while begins != 0:
            starts[began] = at + lowest_bit(begins)
            began += 1
            begins &= begins - _ONE
        while finishes != 0:
            ends[ended] = at + lowest_bit(finishes)
            ended += 1
            finishes &= finishes - _ONE
    return began


@njit(**_options)
def _slot(first, second, slots):
    """Where the search for a token in a table of so many slots begins."""
    mixed = (first * _FACTOR1) ^ (second * _FACTOR2)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _FACTOR1
    return np.int64(mixed >> np.uint64(20)) & (slots - 1)


@njit(**_options)
def _look_up(low, first, last, starts, ends, short, long, long_bytes, tokens):
    """What the vocabulary says of the tokens from first to last: written to tokens.

    The table is larger than the processor's nearer caches: all places are asked for before the
    first is read.
    """
    slots = short.shape[0] - 1
    for i in range(first, last):
        if ends[i] - starts[i] == 1 and _is_grade(low, starts[i]):
            ends[i] += 1
        one, two = _key(low, starts[i], ends[i])
        slot = _slot(one, two, slots)
        _fetch_slot(short, 3 * slot)
        tokens[i] = slot
    for i in range(first, last):
        size = ends[i] - starts[i]
        if size > SHORT and low[starts[i]] != 0x21 and low[starts[i]] != 0x3F:
            tokens[i] = _look_up_long(low, starts[i], size, long, long_bytes)
        else:
            one, two = _key(low, starts[i], ends[i])
            tokens[i] = _look_up_short(one, two, np.int64(tokens[i]), short)
        if tokens[i] == short[slots, 2]:
            tokens[i] = _look_up_squeezed(low, starts[i], size, short, long, long_bytes)


@njit(**_options, inline="always")
def _look_up_short(one, two, slot, short):
    """What the vocabulary says of a token of at most 16 bytes, from a slot on."""
    slots = short.shape[0] - 1
    while short[slot, 2] != 0 and (short[slot, 0] != one or short[slot, 1] != two):
        slot = (slot + 1) & (slots - 1)
    return short[slot if short[slot, 2] != 0 else slots, 2]


@njit(**_options, inline="always")
def _is_grade(low, at):
    """Whether + or -, and then no word, follows a letter that may be a grade."""
    sign, behind = low[at + 1], low[at + 2]
    is_letter = GRADE_FIRST <= low[at] <= GRADE_LAST
    is_sign = sign == 0x2B or sign == 0x2D
    return is_letter and is_sign and not (_is_alnum(behind) or behind >= 0x80)


@njit(**_options)
def _look_up_squeezed(low, start, size, short, long, long_bytes):
    """What the vocabulary says of an unknown word with its elongated letters cut to two or one."""
    slots = short.shape[0] - 1
    unknown = short[slots, 2]
    if size < 3 or size > LONGEST_SQUEEZED:
        return unknown
    is_elongated = False
    for i in range(start, start + size):
        if low[i] >= 0x80:
            return unknown
        is_same = i + 2 < start + size and low[i] == low[i + 1] and low[i] == low[i + 2]
        is_elongated |= is_same and 0x61 <= low[i] <= 0x7A
    if not is_elongated:
        return unknown
    room = low.shape[0] - BLOCK  # behind the text and the spaces that end it
    for kept in range(2, 0, -1):
        length = 0
        at = start
        while at < start + size:
            run = 1
            while at + run < start + size and low[at + run] == low[at]:
                run += 1
            is_cut = run >= 3 and 0x61 <= low[at] <= 0x7A
            for _ in range(kept if is_cut else run):
                low[room + length] = low[at]
                length += 1
            at += run
        if length > SHORT:
            found = _look_up_long(low, room, length, long, long_bytes)
        else:
            one, two = _key(low, room, room + length)
            found = _look_up_short(one, two, _slot(one, two, slots), short)
        if found != unknown:
            return found
    return unknown


@njit(**_options, inline="always")
def _key(low, start, end):
    """A token of at most 16 bytes as two numbers."""
    size = end - start
    byte = low[start]
    if byte == 0x21 or byte == 0x3F:
        size = min(size, LONGEST_RUN)
    one = eight_bytes(low, start) & _KEEP[min(size, 8)]
    two = eight_bytes(low, start + 8) & _KEEP[min(max(size - 8, 0), 8)]
    return one, two


@njit(**_options)
def _hash(bytes, start, size):
    value = np.uint64(size)
    for i in range(start, start + size):
        value = (value ^ np.uint64(bytes[i])) * np.uint64(0x100000001B3)
    return value


@njit(**_options)
def _look_up_long(low, start, size, long, long_bytes):
    slots = long.shape[0] - 1
    if size <= long[slots, 0]:  # the longest
        slot = _slot(_hash(low, start, size), np.uint64(0), slots)
        while long[slot, 0] != 0:
            if long[slot, 0] == size:
                same = True
                for i in range(size):
                    same &= low[start + i] == long_bytes[long[slot, 1] + i]
                if same:
                    return np.uint64(long[slot, 2])
            slot = (slot + 1) & (slots - 1)
    return np.uint64(long[slots, 2])


@njit(**_options)
def _join(tokens, found, is_end, phrases, pairs):
    """Put phrases in the place of their words: the definition of `movierate.text.vocabulary`.

    Returns how many tokens there are then; and, of a text that goes on, how many of those found
    are not yet decided. Which pairs are phrases no processor foresees: it is not branched on where
    that can be helped.
    """
    _look_up_pairs(tokens, found, phrases, pairs)
    decided = found if is_end else max(found - 2, 0)
    kept = 0
    is_joined = False  # to the token before
    for i in range(decided):
        word, phrase = tokens[i], pairs[i]
        here, following = phrase & _ID, pairs[i + 1] & _ID
        is_first = (here != 0) & ((following == 0) | (here <= following)) & (not is_joined)
        tokens[kept] = phrase if is_first else word
        kept += not is_joined
        is_joined = is_first
    return kept, found - decided - is_joined


@njit(**_options)
def _look_up_pairs(tokens, found, phrases, pairs):
    """The rank and id of the phrase of each token and the next one, 0 if they are none.

    As in `_look_up`, all places are asked for before the first is read.
    """
    buckets = phrases.shape[0]
    for i in range(found - 1):
        bucket = _slot(_pair(tokens, i), np.uint64(0), buckets)
        _fetch_bucket(phrases, 2 * BUCKET * bucket)
        pairs[i] = bucket
    for i in range(found - 1):
        words, bucket = _pair(tokens, i), np.int64(pairs[i])
        pairs[i] = value_of(words, phrases, 2 * BUCKET * bucket)
        while (pairs[i] == 0) & (phrases[bucket, 2 * BUCKET - 1] != 0):  # it is full: rare
            bucket = (bucket + 1) & (buckets - 1)
            pairs[i] = value_of(words, phrases, 2 * BUCKET * bucket)
    pairs[max(found - 1, 0)] = 0
    pairs[found] = 0


@njit(**_options, inline="always")
def _pair(tokens, i):
    """The ids of a token and the next one as one number."""
    return (tokens[i] & _ID) << np.uint64(32) | (tokens[i + 1] & _ID)


@njit(**_options, **_exported)
def join(tokens, found, is_end, phrases, pairs, left):
    """As `_join`, for ids without their ranks; returns the first number, the second is left[0]."""
    kept, left[0] = _join(tokens, found, is_end != 0, phrases, pairs)
    return kept


@njit(**_options, **_exported)
def build_phrases(triples, ranks, phrases):
    """Lay out phrases for `scan`.

    triples: int64 (n, 3), the ids of two words and of their phrase; ranks as in `build`.
    phrases: uint64 (buckets, 2 * BUCKET), written, and zero before: of each phrase the two words
    as one number and, `BUCKET` numbers on, its rank and id as one. A phrase that finds its bucket
    full is in the next one. A power of two of buckets; one bucket that is empty: no phrases.
    """
    buckets = phrases.shape[0]
    for i in range(triples.shape[0]):
        words = np.uint64(triples[i, 0] << 32 | triples[i, 1])
        bucket = _slot(words, np.uint64(0), buckets)
        while phrases[bucket, 2 * BUCKET - 1] != 0:
            bucket = (bucket + 1) & (buckets - 1)
        place = 0
        while phrases[bucket, BUCKET + place] != 0:
            place += 1
        phrases[bucket, place] = words
        phrases[bucket, BUCKET + place] = np.uint64(ranks[triples[i, 2]] << 32 | triples[i, 2])
    return 0


@njit(**_options)
def _salient(found, live, tokens, ids, row):
    """Take the tokens of the highest ranks, in linear time: find the lowest rank that is taken.

    A rank is cut into digits of `DIGIT` bits; digit by digit, the tokens that share the digits
    found so far are counted by their next one.
    """
    counters = tokens[found : found + (1 << DIGIT)]
    prefix = np.uint64(0)
    wanted = live  # of the tokens that share the prefix
    shift = RANK_BITS
    while shift > 0:
        shift -= DIGIT
        for i in range(1 << DIGIT):
            counters[i] = 0
        by_digit, above = np.uint64(32 + shift), np.uint64(32 + shift + DIGIT)
        for i in range(found):
            if tokens[i] >> above == prefix:
                digit = (tokens[i] >> by_digit) & np.uint64((1 << DIGIT) - 1)
                counters[np.int64(digit)] += _ONE
        digit = (1 << DIGIT) - 1
        while np.int64(counters[digit]) < wanted:
            wanted -= np.int64(counters[digit])
            digit -= 1
        prefix = prefix << np.uint64(DIGIT) | np.uint64(digit)
        if np.int64(counters[digit]) == wanted:
            break  # all of them are taken
    by_prefix = np.uint64(32 + shift)
    out = live - 1
    i = found - 1
    while out >= 0:
        rank = tokens[i] >> by_prefix
        is_tie = rank == prefix and wanted > 0
        wanted -= is_tie
        ids[row, out] = tokens[i] & _ID
        out -= (rank > prefix) or is_tie
        i -= 1


RANK_BITS = 28


@njit(**_options, **_exported)
def build(bytes, offsets, ranks, short, long, long_bytes):
    """Lay out a vocabulary for `scan`.

    bytes: uint8, the tokens' UTF-8 with 16 bytes behind it; offsets: int64 (ids + 1,); ranks:
    int64 (ids,), the order of salience. Written, and zero before: short: uint64 (slots + 1, 3),
    the tokens of up to 16 bytes: their bytes, and their rank and id as one number; its last row
    is of the unknown word. long: int64 (slots + 1, 3), the longer tokens: size, place in
    long_bytes, rank and id; the last row has the largest size. The numbers of slots are powers of
    two.
    """
    used = 0
    short_slots, long_slots = short.shape[0] - 1, long.shape[0] - 1
    unknown = ranks[UNKNOWN] << 32 | UNKNOWN
    short[short_slots, 2] = np.uint64(unknown)
    long[long_slots, 2] = unknown
    for id in range(UNKNOWN + 1, offsets.shape[0] - 1):
        start, end = offsets[id], offsets[id + 1]
        size = end - start
        value = ranks[id] << 32 | id
        if size > SHORT:
            slot = _slot(_hash(bytes, start, size), np.uint64(0), long_slots)
            while long[slot, 0] != 0:
                slot = (slot + 1) & (long_slots - 1)
            long[slot, 0], long[slot, 1], long[slot, 2] = size, used, value
            long[long_slots, 0] = max(long[long_slots, 0], size)
            for i in range(size):
                long_bytes[used + i] = bytes[start + i]
            used += size
            continue
        one, two = _key(bytes, start, end)
        slot = _slot(one, two, short_slots)
        while short[slot, 2] != 0:
            slot = (slot + 1) & (short_slots - 1)
        short[slot, 0], short[slot, 1], short[slot, 2] = one, two, np.uint64(value)
    return 0


KERNELS = {
    scan: (
        "int64(uint8[::1], int64[::1], int64, int64, int64, uint64[:, ::1], int64[:, ::1], "
        "uint8[::1], uint64[:, ::1], uint8[::1], uint64[::1], int32[::1], int32[::1], uint64[::1], "
        "uint64[::1], int32[:, ::1], int32[::1], int32[::1], int32[:, ::1], uint8[::1])"
    ),
    join: "int64(uint64[::1], int64, int64, uint64[:, ::1], uint64[::1], int64[::1])",
    build_phrases: "int64(int64[:, ::1], int64[::1], uint64[:, ::1])",
    build: "int64(uint8[::1], int64[::1], int64[::1], uint64[:, ::1], int64[:, ::1], uint8[::1])",
}
"""What is compiled, by signature."""
