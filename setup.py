"""The package. Ranges here say what works; constraints.txt says what is tested, to the version."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
(VERSION,) = re.findall(r'__version__ = "(.+)"', (HERE / "movierate/_version.py").read_text())

TRAIN = [
    "tensorflow-cpu>=2.20,<2.22",
    "gensim>=4.4,<5",
    "scipy>=1.13",
    "scikit-learn>=1.5,<2",
    "matplotlib>=3.9,<4",
]
DEMO = ["duckdb>=1.4,<3"]

setup(
    name="movierate",
    version=VERSION,
    description="Predicts movie ratings from the text of reviews with a CNN-LSTM on Spark.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["movierate", "movierate.*"]),
    # movierate/conf is a link to conf/, so that an installed movierate has the settings, too.
    package_data={"movierate": ["py.typed", "conf/*", "models/*/*", "models/*/report/*"]},
    install_requires=[
        "pyspark>=4.1,<4.4",  # arrow_udf
        "pandas>=2.2,<3",
        "pyarrow>=15",
        "numpy>=1.26",
        "numba>=0.62",
        "pydantic>=2.7,<3",
        "pyyaml>=6",
        "filelock>=3.13",
        "safetensors>=0.5",
    ],
    extras_require={
        "train": TRAIN,
        "demo": DEMO,
        "dev": [
            *TRAIN,
            *DEMO,
            "pytest>=8",
            "pytest-timeout>=2.3",
            "hypothesis>=6.100",
            "polars>=1",
            "ruff",
            "mypy",
            "types-PyYAML",
            "pandas-stubs<3",
        ],
    },
    entry_points={"console_scripts": ["movierate = movierate.cli.main:main"]},
)
