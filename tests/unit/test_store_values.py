"""Values as third parties leave them, and the addresses of databases."""

import pytest

from uncall_ari.errors import ConfigError
from uncall_ari.store.tables import number_table_name
from uncall_ari.store.url import parse_url, spoken
from uncall_ari.store.values import extension_number, integer, number, words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 0),
        ("", 0),
        ("ten", 0),
        ("12", 12),
        (" 12 ", 12),
        ("12.9", 12),
        (7, 7),
        (2**62 + 1, 2**62 + 1),
        (-3, -3),
        (2.9, 2),
        ("1e400", 0),
        ("nan", 0),
        (float("inf"), 0),
        (b"5", 5),
        (b"\xff", 0),
        ([], 0),
    ],
)
def test_integer(value: object, expected: int) -> None:
    assert integer(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(None, 0.0), ("1.25", 1.25), ("x", 0.0), (3, 3.0), ("-inf", 0.0)])
def test_number(value: object, expected: float) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(None, ""), ("名", "名"), (5, "5"), (b"abc", "abc"), (b"\xff\xfe", "\ufffd\ufffd")]
)
def test_words(value: object, expected: str) -> None:
    assert words(value) == expected


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("801", 801),
        ("", None),
        ("0", 0),
        ("2147483647", 2147483647),
        ("2147483648", None),
        ("８０１", None),
        ("-1", None),
    ],
)
def test_extension_number(extension: str, expected: int | None) -> None:
    assert extension_number(extension) == expected


def test_number_table_name() -> None:
    assert number_table_name(494) == "o_task_run_494"
    for task_id in (0, -1, 2**31):
        with pytest.raises(ValueError, match="no task id"):
            number_table_name(task_id)
    with pytest.raises(ValueError, match="invalid literal"):
        number_table_name("7; DROP TABLE x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "driver", "told"),
    [
        ("sqlite:///uncall.db", "sqlite", "sqlite:///uncall.db"),
        ("sqlite:////var/lib/uncall/uncall.db", "sqlite", "sqlite:////var/lib/uncall/uncall.db"),
        ("mysql://user:secret@db:3307/outbound", "mysql+aiomysql", "mysql://db:3307/outbound"),
        ("mariadb://user:se%40cret%2F@db/outbound", "mysql+aiomysql", "mysql://db:3306/outbound"),
    ],
)
def test_addresses(url: str, driver: str, told: str) -> None:
    parsed = parse_url(url)
    assert parsed.drivername == driver
    assert spoken(parsed) == told
    if driver == "mysql+aiomysql":
        assert parsed.query["charset"] == "utf8mb4"


def test_a_password_may_hold_any_character() -> None:
    assert parse_url("mysql://user:a%40b%2Fc%3A%25@db/outbound").password == "a@b/c:%"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "uncall.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://host/x.db",
        "postgresql://user:secret@db/outbound",
        "mysql+pymysql://user:secret@db/outbound",
        "mysql://user:secret@db",
        "mysql:///outbound",
        "mysql://user:secret@db:port/outbound",
        "mysql://user:secret@db/outbound?init_command=DROP",
        "sqlite:///x.db?mode=ro",
    ],
)
def test_addresses_that_will_not_do_are_told_without_their_password(url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_url(url)
    assert refusal.value.key == "database.url"
    assert "sqlite:///PATH" in refusal.value.remedy
    assert "secret" not in str(refusal.value)
