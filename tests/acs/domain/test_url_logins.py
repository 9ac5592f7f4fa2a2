"""Which part of a URL lets one in, whatever the URL looks like."""

import pytest

from acs.domain.secret_names import MASK
from acs.domain.url_logins import holds_login, logins_in, masked_logins


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("https://user:sesame@host/x", "user:sesame"),
        ("https://user:sesame@host", "user:sesame"),
        ("HTTPS://user:sesame@[2001:db8::1]:8443/x?y#z", "user:sesame"),
        ("https://token@host/x", "token"),
        ("https://token:@host/x", "token:"),
        ("https://:sesame@host/x", ":sesame"),
        ("https://user:a@b@host/x", "user:a@b"),
        ("https://user@example.net:sesame@host/x", "user@example.net:sesame"),
        ("https://user:ses%2Fame@host/x", "user:ses%2Fame"),
        ("https://user@example.net:ses/ame@host/x", "user@example.net:ses/ame"),
        ("https://user:ses\\ame\"<>'@host/x", "user:ses\\ame\"<>'"),
        ("https://user:sésame@host/x", "user:sésame"),
        # As no URL may be written; but whoever did so has a password all the same.
        ("https://user:ses/ame@host/x", "user:ses/ame"),
        ("https://user:ses?ame@host/x", "user:ses?ame"),
        ("https://user:#sesame@host/x", "user:#sesame"),
        ("https://user:open sesame@host/x", "user:open sesame"),
        ("https://user:$/sesame@host/x", "user:$/sesame"),
        ("https://user:1234567/@host/x", "user:1234567/"),
        ("fetch ftp://a:sesame@host/x now", "a:sesame"),
    ],
)
def test_a_login_ends_at_the_last_sign_before_the_host(text: str, login: str) -> None:
    assert logins_in(text) == [login]
    assert masked_logins(text) == text.replace(f"{login}@", f"{MASK}@")
    assert holds_login(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "://@",
        "https://",
        "noc@example.net",
        "mailto:noc@example.net",
        "https://host/~user@example.net",
        "https://host:8443/a@b",
        "https://host:8443?mail=a@b",
        "https://[2001:db8::1]:8443/a@b",
        "https://host:/a@b",
        "see http://host:80, or ask noc@example.net",
        '{"url":"http://host:80", "mail":"noc@example.net"}',
        "<a>http://host:80</a><b>noc@example.net</b>",
        f"https://{MASK}@host/x",
    ],
)
def test_what_holds_no_login_stays_as_it_is(text: str) -> None:
    assert masked_logins(text) == text
    assert not holds_login(text)


def test_each_login_of_a_text_is_masked_and_a_mask_stays_one() -> None:
    text = "http://a:b@one/x, http://c:d@two/y?z=e@f http://three/g@h"
    expected = f"http://{MASK}@one/x, http://{MASK}@two/y?z=e@f http://three/g@h"
    assert logins_in(text) == ["a:b", "c:d"]
    assert masked_logins(text) == expected
    assert masked_logins(expected) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "://a@b:x",
        "://",
        "://a:b",
        "://a:b/",
        "http://",
        "@://a:b",
        "://[",
        "a:b@",
        "://a:1/",
        "://\n:",
        "\u2028://x:y?",
    ],
)
def test_no_garbage_is_looked_through_twice(piece: str) -> None:
    # What took quadratic time would not come to an end here.
    for text in (piece * 500_000, f"@{piece * 500_000}", f"{piece * 500_000}@", f"{piece * 500_000}\n@x"):
        assert masked_logins(masked_logins(text)) == masked_logins(text)
