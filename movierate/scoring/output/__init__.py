"""Where the ratings are written, and the lock that keeps runs apart."""
