"""Tokens, the vocabulary, and the tokens in the model's window."""
