"""Rate a review dump: spark-submit jobs/score.py --input PATH --output DIR"""

import sys

from movierate.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["score", *sys.argv[1:]]))
