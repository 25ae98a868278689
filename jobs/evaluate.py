"""Measure a model: python jobs/evaluate.py --model NAME_OR_DIR --reviews PATH"""

import sys

from movierate.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
