"""The definition of a token, by example."""

import pytest

from movierate.text.tokens import tokenize

CASES = {
    "words are lower case": ("A GREAT Film", ["a", "great", "film"]),
    "punctuation goes": ("well, (so-so) film...", ["well", "so", "so", "film"]),
    "apostrophes inside stay": ("it's 'the' dogs' o'clock", ["it's", "the", "dogs", "o'clock"]),
    "typographic apostrophes are apostrophes": (
        "don\u2019t don\u00b4t don`t don\u0092t",
        ["don't"] * 4,
    ),
    "tags go": ("bad<br /><br />film</p><!-- so --><IMG src='x.png'>", ["bad", "film"]),
    "what only looks like a tag stays": ("i <3 it, a < b > c", ["i", "3", "it", "a", "b", "c"]),
    "an unfinished tag stays": ("good <br film", ["good", "br", "film"]),
    "entities are read": ("R&amp;B &quot;caf&eacute;&quot; &#39;tis", ["r", "b", "café", "tis"]),
    "an entity makes an apostrophe": ("don&#39;t &#x2019; isn&rsquo;t", ["don't", "isn't"]),
    "entities are decoded once": ("&amp;lt;b&amp;gt;", ["lt", "b", "gt"]),
    "a decoded tag is a tag": ("bad &lt;br /&gt; film", ["bad", "film"]),
    "names that HTML does not know stay": ("&nosuchname; AT&T;", ["nosuchname", "at", "t"]),
    "runs of ! and ? are tokens": ("what?! no!", ["what", "?!", "no", "!"]),
    "long runs are cut": ("no!!!!!!!!!", ["no", "!!!"]),
    "verdicts stay whole": ("8/10, or 7.5/10", ["8/10", "or", "7.5/10"]),
    "other slashes and stops part": ("and/or. 1 /2 3. 4", ["and", "or", "1", "2", "3", "4"]),
    "underscores part": ("snake_case", ["snake", "case"]),
    "other scripts are words": ("Отличный фильм 素晴らしい", ["отличный", "фильм", "素晴らしい"]),
    "combining marks stay with their letter": ("cafe\u0301 हिन्दी", ["cafe\u0301", "हिन्दी"]),
    "a mark alone is nothing": ("\u0301 \ufe0f", []),
    "case ignores what stands around": ("ΣΑΣ", ["σασ"]),
    "emoji are tokens": ("🤩🤩wow👎\U0001f3fd ❤\ufe0f", ["🤩", "🤩", "wow", "👎", "❤"]),
    "stars are tokens": ("★★★☆☆ ❶", ["★", "★", "★", "☆", "☆", "❶"]),
    "grades are tokens": ("A+, b- (C+) F-!", ["a+", "b-", "c+", "f-", "!"]),
    "what only looks like a grade is none": (
        "a+b C++ B-movie x-a- g+ ab+ a +",
        ["a", "b", "c+", "b", "movie", "x", "a-", "g", "ab", "a"],
    ),
    "control characters part": ("good\x00film\x85end", ["good", "film", "end"]),
    "lone surrogates part": ("good\ud800film", ["good", "film"]),
    "nothing has no tokens": ("", []),
}


@pytest.mark.parametrize(("text", "tokens"), CASES.values(), ids=CASES.keys())
def test_tokens(text, tokens):
    assert tokenize(text) == tokens
