"""Campaign dialling: the pure rules (numbers, window, limits, outcome, retry) and the worker above them."""
