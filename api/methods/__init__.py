"""The web methods, each declared once (contract sections 2 and 3, and ours), and how one is carried out."""

from api.methods import agents, choices, control, hello, tasks
from api.methods.declaration import Method, Param, Unusable

METHODS: tuple[Method, ...] = (*hello.METHODS, *control.METHODS, *choices.METHODS, *tasks.METHODS, *agents.METHODS)
"""All web methods, in the order of the contract, ours after them: clients by position see no change."""

__all__ = ["METHODS", "Method", "Param", "Unusable"]
