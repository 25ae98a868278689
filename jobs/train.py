"""Train a model: python jobs/train.py --reviews PATH --output BUNDLE_DIR"""

import sys

from movierate.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
