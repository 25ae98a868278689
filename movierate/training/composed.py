"""Sentences composed of rated words: what a word is worth under a negation or after a "but".

People who rate films write "good" ten times for each "not good", so a network learns the word and
overlooks what stands around it. Here templates put rated words where their worth changes, and say
how: "not" turns a word around and weakens it, "could have been" takes it back, and of two clauses
that "but" joins the second counts more. The words and their ratings come from the phrases that
people rated; a word takes part if the reviews use it as an adjective.

The idea is that of counterfactual augmentation (Kaushik, Hovy & Lipton, 2020), with templates as in
behavioural tests (CheckList: Ribeiro et al., 2020). The templates are in composed.yaml, in English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import yaml

from movierate.text.tokens import tokenize
from movierate.text.window import Floats

Item = TypeVar("Item")

MIDDLE, LEAST, MOST = 5.5, 1.0, 10.0
"""Stars."""

POLAR = 1.7
"""Stars from the middle from which on a word is for or against."""

ADVERBS = frozenset({"very", "so", "too", "really", "quite", "pretty", "rather", "extremely"})
VERBS = frozenset({"is", "was", "are", "were", "be", "it's", "absolutely", "simply", "truly"})
"""Words that an adjective follows. Other words follow `VERBS`, too."""

FEWEST_USES, LEAST_SHARE = 5, 0.02
"""After one of them, and as a share of all its uses, for a word to count as an adjective."""

LEANING = 0.5
"""Stars by which the reviews with a word that follows `VERBS` must differ from the mean, and the
right way, for it to count as one that people are for or against."""

SHARES = {
    "plain": 0.12,
    "negated": 0.28,
    "taken back": 0.08,
    "feared": 0.08,
    "contrast": 0.14,
    "mixed": 0.06,
    "felt": 0.06,
    "done": 0.06,
    "idioms": 0.04,
    "rated": 0.08,
}
"""Of the kinds of sentences."""

TURNED_GOOD, TURNED_BAD = -0.8, -0.45
"""What negation makes of a good and of a bad word: "not good" is bad, "not bad" is fairly good."""

FIRST, SECOND = 0.2, 0.8
"""How much each of two clauses counts that "but" joins."""

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Adjectives(NamedTuple):
    """Words, and how many stars each is from the middle."""

    good: Mapping[str, float]
    bad: Mapping[str, float]


def find_adjectives(
    phrases: Iterable[str],
    ratings: Iterable[float],
    reviews: Iterable[Sequence[str]],
    stars: Floats,
) -> Adjectives:
    """The polar adjectives among the phrases of one word.

    Args:
        phrases: what people rated.
        ratings: stars from 1 to 10 of each.
        reviews: the tokens of each, to see which words are used as adjectives.
        stars: (reviews,)
    """
    rated = {
        tokens[0]: float(rating) - MIDDLE
        for phrase, rating in zip(phrases, ratings, strict=True)
        if len(tokens := tokenize(phrase)) == 1 and abs(rating - MIDDLE) >= POLAR
    }
    uses, as_adjective, after_verb, holding = (Counter[str]() for _ in range(4))
    leaning: dict[str, float] = dict.fromkeys(rated, 0.0)
    for review, given in zip(reviews, stars - stars.mean(), strict=True):
        uses.update(word for word in review if word in rated)
        for before, word in pairwise(review):
            if word in rated:
                as_adjective[word] += before in ADVERBS
                after_verb[word] += before in VERBS
        for word in rated.keys() & set(review):
            holding[word] += 1
            leaning[word] += float(given)
    found = {}
    for word, worth in sorted(rated.items()):
        fewest = max(FEWEST_USES, LEAST_SHARE * uses[word])
        is_meant = leaning[word] * np.sign(worth) > LEANING * holding[word]
        if as_adjective[word] >= fewest or (after_verb[word] >= fewest and is_meant):
            found[word] = worth
    return Adjectives(
        {word: worth for word, worth in found.items() if worth > 0},
        {word: worth for word, worth in found.items() if worth < 0},
    )


def compose(
    adjectives: Adjectives, count: int, random: np.random.Generator
) -> tuple[list[str], list[float]]:
    """So many sentences, and the stars of each; none if there are no adjectives of a side."""
    if not adjectives.good or not adjectives.bad:
        return [], []
    composer = _Composer(adjectives, random)
    share = np.array(list(SHARES.values()))
    kinds = random.choice(list(SHARES), size=count, p=share / share.sum())
    made = [composer.compose(kind) for kind in kinds]
    return [text for text, _ in made], [min(max(stars, LEAST), MOST) for _, stars in made]


@cache
def templates() -> dict[str, list[str]]:
    """The lines of composed.yaml, by their heading."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return {name: lines.splitlines() for name, lines in yaml.safe_load(text).items()}


@cache
def rated_lines(name: str) -> list[tuple[str, float]]:
    """Lines of words and stars."""
    parts = (line.rpartition(": ") for line in templates()[name])
    return [(words, float(stars)) for words, _, stars in parts]


class _Composer:
    """Fills templates."""

    def __init__(self, adjectives: Adjectives, random: np.random.Generator) -> None:
        self._random = random
        self._good, self._bad = list(adjectives.good.items()), list(adjectives.bad.items())

    def compose(self, kind: str) -> tuple[str, float]:
        """A sentence of a kind, and its stars, which may be off the scale."""
        if kind == "idioms":
            idiom, stars = self._draw(rated_lines("idioms"))
            return self._fill(idiom), stars
        if kind == "felt":
            return self._use_verb("felt", "feels")
        if kind == "done":
            return self._use_verb("done", "does")
        if kind == "rated":
            return self._write_rating()
        is_good = {"taken back": True, "feared": False}.get(kind, self._flip())
        same, other = (self._good, self._bad) if is_good else (self._bad, self._good)
        (word, stars), (another, _), (opposite, against) = map(self._draw, (same, same, other))
        turned = TURNED_GOOD if is_good else TURNED_BAD
        worth = {
            "plain": stars,
            "negated": turned * stars,
            "taken back": turned * stars,
            "feared": turned * stars,
            "contrast": FIRST * stars + SECOND * against,
            "mixed": (stars + against) / 2,
        }[kind]
        template = self._draw(templates()[kind])
        return self._fill(template, word=word, same=another, other=opposite), MIDDLE + worth

    def _use_verb(self, verbs: str, does: str) -> tuple[str, float]:
        word, stars = self._draw(rated_lines(verbs))
        if self._flip():
            does += " not"
            stars *= TURNED_GOOD if stars > 0 else TURNED_BAD
        return self._fill(self._draw(templates()[does]), word=word), MIDDLE + stars

    def _write_rating(self) -> tuple[str, float]:
        """A rating that is written in the text: a grade, a symbol, stars, or points."""
        kind = self._draw(["grades", "symbols", "symbols", "drawn stars", "stars", "out of"])
        if kind == "grades":
            grade, stars = self._draw(rated_lines(kind))
            return self._fill(self._draw(templates()["graded"]), grade=grade), stars
        if kind == "symbols":
            symbol, stars = self._draw(rated_lines(kind))
            return self._fill(self._draw(templates()["with symbols"]), symbol=symbol), stars
        if kind == "drawn stars":
            given = int(self._random.integers(1, 6))
            drawn = {"full": self._draw("★⭐") * given, "empty": "☆" * (5 - given)}
            return self._fill(self._draw(templates()[kind]), **drawn), LEAST + 9 * given / 5
        most = 5 if kind == "stars" else self._draw([5, 10, 10])
        given = int(self._random.integers(0, most + 1))
        stars = max(LEAST, MOST * given / most) if most == MOST else LEAST + 9 * given / most
        template = self._draw(templates()[kind])
        in_words = "/" not in template and self._flip()
        n, m = (NUMBERS[given], NUMBERS[most]) if in_words else (str(given), str(most))
        return self._fill(template, n=n, m=m), stars

    def _fill(self, template: str, **words: str) -> str:
        drawn = {name: self._draw(templates()[name]) for name in ("it", "noun", "part")}
        return template.format(**drawn, **words)

    def _flip(self) -> bool:
        return bool(self._random.random() < 0.5)

    def _draw(self, among: Sequence[Item]) -> Item:
        return among[int(self._random.integers(len(among)))]
