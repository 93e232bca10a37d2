"""How likely it is that one call more finds no agent, second by second."""

import math

import numpy as np

from uncall_ari.pacing.durations import Floats
from uncall_ari.pacing.forecast import Outlook

_SIZE, _FINE = 8.0, 64.0  # the table of the normal distribution: up to 8 standard deviations, in steps of 1/64
_TABLE = np.array([0.5 * math.erfc(_SIZE / math.sqrt(2.0) - k / _FINE / math.sqrt(2.0)) for k in range(1025)])


def overload(outlook: Outlook, fresh: Floats, counts: Floats, doubt: tuple[float, float], override: float) -> Floats:
    """Return P(by second h, the answers are as many as the agents): a row for each of `counts`, the number of calls
    that are started now, besides those in flight; `fresh` is the chance of each to be answered by second h.

    Answers minus agents is a sum of many small chances: a normal distribution, corrected for its skew (Edgeworth's
    first term). Counted out exactly, it decides the same from 5 agents on. `doubt` is the relative variance of what
    was learned, of the answers and of the agents; `override` a factor on the agents.
    """
    more = counts[:, None] * fresh
    answers, agents = outlook.answers, outlook.agents
    total = answers[0] + more
    own = more * (1.0 - fresh)
    variance = answers[1] + agents[1] + doubt[1] * agents[0] ** 2 + doubt[0] * total**2 + own
    spread = np.sqrt(np.maximum(variance, 1e-6))
    z = (total - override * (outlook.free + agents[0]) + 0.5) / spread  # half a call on, as counts are whole
    skew = (answers[2] - agents[2] + own * (1.0 - 2.0 * fresh)) / spread**3
    below = _TABLE[((np.minimum(np.maximum(z, -_SIZE), _SIZE) + _SIZE) * _FINE + 0.5).astype(np.int64)]
    square = z * z
    corrected = below + skew * (square - 1.0) * (0.3989423 / 6.0) * np.exp(-0.5 * square)
    return np.asarray(np.minimum(np.maximum(corrected, 0.0), 1.0))
