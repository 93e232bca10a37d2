"""How log lines look: time, level, event, and what they are about as key=value; to standard error.

What a line is about is bound once, where a call's flow begins: `about`. Every line below it, whoever writes it, then
has the call's `uid`, and `task` and `number_id` for a campaign's.
"""

import contextvars
import logging
import sys

import structlog


def about(**facts: object) -> contextvars.Context:
    """Return the context for a new task in which every log line tells `facts`; those of now are kept."""
    context = contextvars.copy_context()
    context.run(structlog.contextvars.bind_contextvars, **facts)
    return context


def log_to_stderr(level: str = "info") -> None:
    """Set up logging for a process: lines for people on a terminal, JSON lines elsewhere."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
