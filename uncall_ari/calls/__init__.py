"""The calls of the extensions: who talks with whom, what may be done with it, and what is kept of it."""
