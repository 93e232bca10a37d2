"""uncall-ari: a call-centre engine on Asterisk ARI. Knows nothing of HTTP or SOAP; that is `api`."""

__version__ = "0.1.0"
