"""The web methods, each declared once (contract sections 2 and 3), and how one is carried out."""

from api.methods import choices, control, hello, tasks
from api.methods.declaration import Method, Param, Unusable

METHODS: tuple[Method, ...] = (*hello.METHODS, *control.METHODS, *choices.METHODS, *tasks.METHODS)
"""All web methods, in the order of the contract."""

__all__ = ["METHODS", "Method", "Param", "Unusable"]
