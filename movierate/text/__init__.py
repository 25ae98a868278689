"""What a token is, the vocabulary, and which tokens the model's window takes."""
