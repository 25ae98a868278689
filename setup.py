"""For tools that look for setup.py. pyproject.toml has everything."""

from setuptools import setup

setup()
