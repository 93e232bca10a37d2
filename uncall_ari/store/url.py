"""`[database] url`, as users write it, and the drivers behind it."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from uncall_ari.errors import ConfigError

_REMEDY = "write sqlite:///PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE"


def parse_url(url: str) -> URL:
    """The address for SQLAlchemy: driver `sqlite` (a file), or `mysql+aiomysql` for mysql:// and mariadb://.

    Raises ConfigError for anything else. No message ever holds the password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _mistake("is no address of a database") from error
    if parsed.query:
        raise _mistake("takes no options after a question mark")
    if parsed.drivername == "sqlite":
        if parsed.host or parsed.database in (None, "", ":memory:"):
            raise _mistake("must name a file")
        return parsed
    if parsed.drivername in ("mysql", "mariadb"):
        if not parsed.host or not parsed.database:
            raise _mistake("must name a host and a database")
        return parsed.set(drivername="mysql+aiomysql", query={"charset": "utf8mb4"})
    raise _mistake(f"has the unknown scheme {parsed.drivername!r}")


def spoken(url: URL) -> str:
    """The address for messages and logs, without user and password."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    return f"mysql://{url.host}:{url.port or 3306}/{url.database}"


def _mistake(problem: str) -> ConfigError:
    return ConfigError("settings", "database.url", problem, _REMEDY)
