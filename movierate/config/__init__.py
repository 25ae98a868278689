"""The settings of each job, and how they are loaded and checked."""
