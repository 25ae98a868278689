"""The CNN-LSTM: its layers, its bundle on disk, and the rater that applies it."""
