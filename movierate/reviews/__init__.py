"""What a review is: the canonical columns, and one module per dump format."""

from movierate.reviews.read import Dump, labelled_reviews, read_reviews, review_texts

__all__ = ["Dump", "labelled_reviews", "read_reviews", "review_texts"]
