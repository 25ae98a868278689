"""The scoring job: a dump's reviews to ratings, at scale."""
