"""Labelled reviews to a model bundle, on one machine."""
