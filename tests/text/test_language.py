"""Whether a text is in the model's language."""

import numpy as np
import pytest

import movierate
from movierate.inference.rater import Rater
from movierate.text.language import is_foreign
from tests.support.process import REVIEWS


@pytest.fixture(scope="module")
def rater():
    return Rater(movierate.load("imdb"))


FOREIGN = (
    "Una obra maestra del cine de terror, la recomiendo a todos los que disfrutan de los sustos.",
    "Je me suis ennuyé du début à la fin, le scénario est nul et les dialogues sont ridicules.",
    "Der Film war leider sehr langweilig, und die Schauspieler waren schlecht.",
    "Non mi è piaciuto per niente, troppo lento e senza senso.",
    "Achei chato e previsível do começo ao fim, não recomendo.",
    "Film jest bardzo dobry, aktorzy grają świetnie, a muzyka jest piękna.",
    "Filmnya sangat bagus dan aktingnya luar biasa, saya sangat merekomendasikan film ini.",
    "Фильм очень хороший, актёры играют прекрасно, но концовка разочаровала.",
)
ENGLISH = (
    "Not bad at all.",
    "An operatic, sprawling picture that's entertainingly acted and magnificently shot.",
    "Stultifyingly bad!",
    "i luv this movie sooo much its da best thing evr made",
    "La Dolce Vita is my favourite film, and Marcello Mastroianni is wonderful in it.",
)


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_are_told(rater, text):
    assert rater.rate([text]).not_english.tolist() == [True]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_not_flagged(rater, text):
    assert rater.rate([text]).not_english.tolist() == [False]


def test_a_long_foreign_review_is_told_by_all_its_words_not_by_those_that_were_read(rater):
    text = "la trama no tiene sentido y los actores son malos de verdad " * 60
    ratings = rater.rate([text + "worst awful boring terrible waste poor " * 15])
    assert ratings.not_english.tolist() == [True]
    long = "the plot makes no sense and the actors are really bad in it " * 60
    assert rater.rate([long]).not_english.tolist() == [False]


def test_texts_of_one_or_two_words_are_not_told():
    counts = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [3, 2, 0], [4, 2, 0], [5, 3, 2]])
    assert is_foreign(*counts.T).tolist() == [False, False, False, True, False, True, False]


def test_the_english_examples_are_english(rater):
    import pandas as pd

    texts = pd.read_json(REVIEWS, lines=True)["text"].dropna().tolist()
    flagged = [text for text in texts if rater.rate([text]).not_english[0]]
    assert len(texts) > 150
    assert len(flagged) <= 8
