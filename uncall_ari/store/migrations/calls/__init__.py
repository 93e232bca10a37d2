"""Revisions of our tables beside `pop` and `cdr`."""
