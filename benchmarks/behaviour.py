"""What a model makes of plain sentences: python benchmarks/behaviour.py [--model NAME_OR_DIR]

Behavioural tests in the manner of CheckList (Ribeiro et al., 2020). Templates are filled with
words; a sentence passes if its rating is on the right side of 5.5 stars (minimum functionality), if
a change that says nothing new leaves it where it was (invariance), or if a change that says more
moves it the right way (direction). None of the templates is one that training uses
(movierate/training/composed.yaml). Prints a row for each kind, then the templates that fail most.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from table import print_head, print_row

from movierate.inference.rater import Rater
from movierate.model.bundle import DEFAULT_MODEL, load

MIDDLE = 5.5
SAME = 0.75
"""Stars by which a rating may move when nothing new is said."""

SENTENCES = 30
"""Of a template."""

GOOD = (
    "good", "great", "excellent", "wonderful", "funny", "clever", "touching", "beautiful",
    "brilliant", "exciting", "entertaining", "charming", "gripping", "superb", "enjoyable",
    "fascinating", "hilarious", "moving", "impressive", "convincing",
)  # fmt: skip
BAD = (
    "bad", "terrible", "awful", "boring", "dull", "stupid", "predictable", "annoying", "lame",
    "horrible", "tedious", "bland", "pointless", "silly", "ridiculous", "clumsy", "shallow",
    "dreadful", "forgettable", "pretentious",
)  # fmt: skip
THINGS = ("picture", "flick", "remake", "second half", "adaptation", "performance", "screenplay")
NAMES = ("Anna", "Mr. Okafor", "the director", "Lindqvist", "Maria Torres")

SIDES: dict[str, dict[str, tuple[str, ...]]] = {
    "plain words": {
        "+": (
            "This {thing} is {good}.",
            "I thought the {thing} was {good}.",
            "{Good} and {good2} throughout.",
            "{name} made a {good} {thing}.",
            "What can I say? {Good}!",
        ),
        "-": (
            "This {thing} is {bad}.",
            "I thought the {thing} was {bad}.",
            "{Bad} and {bad2} throughout.",
            "{name} made a {bad} {thing}.",
            "What can I say? {Bad}!",
        ),
    },
    "a good word negated": {
        "-": (
            "The {thing} is not {good}.",
            "The {thing} isn't {good}.",
            "The {thing} was not {good}.",
            "The {thing} wasn't {good}.",
            "Not a {good} {thing}, I am afraid.",
            "There was not one {good} minute.",
            "I would not say that the {thing} is {good}.",
            "{name} did not make a {good} {thing} this time.",
            "Nothing about the {thing} was {good}.",
            "The {thing} is never {good}.",
            "Hardly a {good} {thing}.",
            "It is neither {good} nor {good2}.",
            "My friends didn't find the {thing} {good}.",
        ),
    },
    "a bad word negated": {
        "+": (
            "The {thing} is not {bad}.",
            "The {thing} isn't {bad}.",
            "The {thing} was not {bad}.",
            "The {thing} wasn't {bad}.",
            "Not a {bad} {thing}, I am glad to say.",
            "There was not one {bad} minute.",
            "I would not say that the {thing} is {bad}.",
            "Nothing about the {thing} was {bad}.",
            "The {thing} is never {bad}.",
            "It is neither {bad} nor {bad2}.",
        ),
    },
    "hopes and fears": {
        "-": (
            "I hoped the {thing} would be {good}, but it wasn't.",
            "The {thing} could easily have been {good}.",
            "The {thing} ought to have been {good}.",
            "The series used to be {good}.",
            "They advertised a {good} {thing}; I saw a {bad} one.",
            "It would have been {good} if {name} had directed it.",
        ),
        "+": (
            "I was afraid the {thing} would be {bad}, but it wasn't.",
            "I expected a {bad} {thing} and got a {good} one.",
            "Critics called the {thing} {bad}. They are wrong.",
        ),
    },
    "but": {
        "+": (
            "The {thing} looks {bad}, but it is {good}.",
            "A bit {bad} at first, but in the end {good}.",
            "Although the trailer was {bad}, the {thing} is {good}.",
        ),
        "-": (
            "The {thing} looks {good}, but it is {bad}.",
            "A bit {good} at first, but in the end {bad}.",
            "Although the trailer was {good}, the {thing} is {bad}.",
        ),
    },
    "verbs and idioms": {
        "+": (
            "{name} and I loved every minute.",
            "I could watch this {thing} again and again.",
            "You will not be able to look away from this {thing}.",
            "My kids couldn't get enough of the {thing}.",
        ),
        "-": (
            "{name} and I hated every minute.",
            "I could not wait for this {thing} to be over.",
            "You will not be able to sit through this {thing}.",
            "My kids lost interest in the {thing} after ten minutes.",
        ),
    },
    "ratings in the text": {
        "+": ("{high}/10.", "{name} gives it {high} out of 10.", "{high} of ten stars from us."),
        "-": ("{low}/10.", "{name} gives it {low} out of 10.", "{low} of ten stars from us."),
    },
}  # fmt: skip
"""Templates by kind, and the side of the middle where their sentences belong."""

UNCHANGED = (
    ("The {thing} is {good}.", "The {thing} is {good}. I saw it on a Tuesday."),
    ("The {thing} is {bad}.", "The {thing} is {bad}. I saw it on a Tuesday."),
    ("Anna made a {good} {thing}.", "Lindqvist made a {good} {thing}."),
    ("The {thing} was {bad}.", "THE {thing} WAS {bad}!"),
)
"""Two sentences that say the same."""

HIGHER = (
    ("The {thing} is {good}.", "The {thing} is {good} and {good2}."),
    ("The {thing} is {bad} and {bad2}.", "The {thing} is {bad}."),
    ("The {thing} is {bad}.", "The {thing} is a little {bad}, but also {good}."),
    ("The {thing} is {good}, but {bad}.", "The {thing} is {good}."),
)
"""The second is to be rated higher, or as high to within a tenth of a star."""


class Result(NamedTuple):
    """How many of a template's sentences pass."""

    kind: str
    template: str
    passes: float
    mean: float


def main() -> None:
    """Rate the sentences, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    rater = Rater(load(parser.parse_args().model))

    def rate(texts: list[str]) -> np.ndarray:
        return np.nan_to_num(rater.rate(texts).predicted_rating, nan=MIDDLE)

    results = measure(rate)
    print_head("kind", "templates", "sentences", "pass", "mean rating")
    for kind in dict.fromkeys(result.kind for result in results):
        these = [result for result in results if result.kind == kind]
        passes, mean = (np.mean([getattr(r, name) for r in these]) for name in ("passes", "mean"))
        counts = str(len(these)), str(SENTENCES * len(these))
        print_row(kind, *counts, f"{passes:.0%}", f"{mean:.1f}")
    print()
    print_head("fails most", "kind", "pass")
    for result in sorted(results, key=lambda result: result.passes)[:10]:
        print_row(result.template, result.kind, f"{result.passes:.0%}")


def measure(rate: Callable[[list[str]], np.ndarray]) -> list[Result]:
    """The result of each template.

    Args:
        rate: texts to stars (texts,).
    """
    random = np.random.default_rng(7)
    results = []
    for kind, by_side in SIDES.items():
        for side, templates in by_side.items():
            sign = 1 if side == "+" else -1
            for template in templates:
                stars = rate([fill(template, words) for words in draw(random)])
                name = f"{kind}: {'above' if sign > 0 else 'below'} the middle"
                results.append(
                    Result(name, template, (sign * (stars - MIDDLE) > 0).mean(), stars.mean())
                )
    for kind, pairs in (("nothing new is said", UNCHANGED), ("more is said", HIGHER)):
        for pair in pairs:
            drawn = draw(random)
            one, two = (rate([fill(part, words) for words in drawn]) for part in pair)
            passes = np.abs(two - one) <= SAME if pairs is UNCHANGED else two - one >= -0.1
            results.append(Result(kind, " / ".join(pair), passes.mean(), two.mean()))
    return results


def draw(random: np.random.Generator) -> list[dict[str, str]]:
    """Words for each sentence of a template."""
    drawn = []
    for _ in range(SENTENCES):
        good, good2 = random.choice(GOOD, 2, replace=False)
        bad, bad2 = random.choice(BAD, 2, replace=False)
        words = {"good": good, "good2": good2, "bad": bad, "bad2": bad2}
        words |= {"Good": good.capitalize(), "Bad": bad.capitalize()}
        words |= {"thing": str(random.choice(THINGS)), "name": str(random.choice(NAMES))}
        words |= {"high": str(random.integers(8, 11)), "low": str(random.integers(1, 4))}
        drawn.append(words)
    return drawn


def fill(template: str, words: dict[str, str]) -> str:
    """A sentence, with a capital letter at its start."""
    text = template.format(**words)
    return text[0].upper() + text[1:]


if __name__ == "__main__":
    main()
