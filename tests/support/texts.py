"""Words and what stands between them: all that is hard for a tokenizer."""

WORDS = (
    *("the", "a", "is", "good", "don't", "7.5", "8/10", "!", "?!", "!!!", "br", "b", "i", "k"),
    *("caf\u00e9", "cafe\u0301", "\u03c3\u03c3", "i\u0307", "\u4e16\u754c", "\u00b2", "x'y'z", "q"),
    *("sixteen-letters".replace("-", "x") + "z", "seventeenlettersz", "n" * 40, "\u00e9" * 9),
    *("\u2764", "a+", "b-", "so", "aa"),
)

SEPARATORS = (
    *(" ", "\n", ".", ",", "<br />", "<", ">", "<b", "</i>", "< b>", "<\u212a>", "&amp;", "&lt;"),
    *("&#39;", "&", "&nosuch;", "&#x1F600;", "'", "\u2019", "`", "\u0092", "/", "_", "-", "\u00a0"),
    *("\U0001f600", "\u0301", "\u0130", "\u212a", "\u00df", "\u01c5", "\u0345", "\x00", "\u3000"),
    *("\ud800", "\udc80", "\ud83d\ude00"),
    *("+", "A+", "c-", "goooood", "sooo", "aaa", "Theeee", "iss" + "s" * 25, "sixteeeenxletterszz"),
    *("\u2764\ufe0f", "\U0001f44d\U0001f3fd", "\U0001f3fd", "\u2776", "\u2605" * 3, "dooooo\u00f6"),
)
