"""The films of a scored dump by their mean predicted rating: python examples/ranking.py DIR"""

import sys

import duckdb

RANKING = """
    SELECT movie_id AS film,
           count(*) AS reviews,
           round(avg(predicted_rating), 1) AS predicted,
           round(avg(rating), 1) AS given
    FROM read_parquet($ratings)
    GROUP BY film
    ORDER BY avg(predicted_rating) DESC
"""

if __name__ == "__main__":
    ratings = f"{sys.argv[1]}/ratings/*/*.parquet"
    print(f"{'film':40} {'reviews':>8} {'predicted':>10} {'given':>6}")
    for film, reviews, predicted, given in duckdb.execute(RANKING, {"ratings": ratings}).fetchall():
        print(f"{film:40} {reviews:>8} {predicted:>10} {given:>6}")
