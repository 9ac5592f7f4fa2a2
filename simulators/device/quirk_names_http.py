"""The quirks of how a device speaks HTTP, by name: the device that has it, what it does, and its switches."""

from functools import partial
from typing import Final

from simulators.device.quirk_entry import entry

_http: Final = partial(entry, "http")

HTTP: Final = (
    _http(
        "closes-after-response",
        "ZyXEL, old Broadcom firmware",
        "opens a new connection for each post",
        close_after_every_response=True,
    ),
    _http(
        "reconnects-after-401",
        "FRITZ!Box",
        "answers a challenge on a new connection and leaves the old one open",
        reconnects_after_401=True,
    ),
    _http(
        "reconnects-instead-of-answering",
        "Nokia Beacon G6",
        "answers the first RPC with a new connection and a new Inform, and goes on there",
        reconnects_instead_of_answering=True,
    ),
    _http("no-cookie", "some", "sends no cookie back and relies on the connection", cookies="never"),
    _http(
        "rfc2109-cookie", "SpeedTouch", "sends cookies with $Version and $Path, as RFC 2109 had it", cookies="rfc2109"
    ),
    _http("quoted-cookie", "clients of the time of RFC 2109", "sends cookies in quotes", cookies="quoted"),
    _http(
        "comma-joined-cookie",
        "clients of the time of RFC 2965",
        "sends a cookie of its own before the ACS's, with a comma between them",
        cookies="comma-joined",
    ),
    _http(
        "needs-root-path-cookie",
        "AMIT AX-1122",
        "keeps a cookie only if it says Path=/",
        drops_cookies_without_root_path=True,
    ),
    _http(
        "drops-http-only-cookie",
        "some",
        "keeps no cookie that says HttpOnly",
        settings={"no_http_only_cookie": True},
        drops_http_only_cookies=True,
    ),
    _http(
        "authorization-only-with-inform",
        "embedded digest clients",
        "logs in with the Inform alone and answers no later challenge",
        authorization="only with the Inform",
    ),
    _http(
        "authorization-every-post", "easycwmp, by way of curl", "logs in with every post", authorization="every post"
    ),
    _http(
        "begins-with-empty-post",
        "Calix GigaSpire",
        "sends an empty post first, to collect the challenge",
        authorization="begin with empty post",
    ),
    _http(
        "remembers-nonce",
        "embedded digest clients",
        "logs in with the nonce of an earlier session until it is refused",
        remembers_nonce=True,
    ),
    _http("algorithm-md", "FRITZ!OS 7.12", "says algorithm=MD in its digest", digest_algorithm="MD"),
    _http("cuts-nonce", "an embedded client", "cuts nonces after 32 characters", nonce_limit=32),
    _http("chunked", "SpeedTouch", "sends chunked bodies, without a length", chunked=True),
    _http(
        "gzip", "gateways that inform with hundreds of parameters", "compresses bodies with gzip", compression="gzip"
    ),
    _http(
        "deflate",
        "gateways that inform with hundreds of parameters",
        "compresses bodies with deflate",
        compression="deflate",
    ),
    _http(
        "expect-continue", "easycwmp, by way of curl", "waits for 100 Continue before each body", expect_continue=True
    ),
    _http("text-html", "easycwmp", "says that its messages are text/html", content_type="text/html"),
    _http("no-content-type", "some", "does not say what its messages are", content_type=None),
    _http(
        "counts-characters",
        "some simulators and gateways",
        "says the length of a body in characters, which are fewer than its octets",
        outcome="status 400",
        counts_characters=True,
    ),
    _http("http-1.0", "old embedded stacks", "speaks HTTP 1.0", version="1.0"),
    _http("slow-writer", "small stacks on slow lines", "sends its posts in small pieces", piece=512, piece_pause=0.02),
    _http(
        "empty-post-first",
        "Calix GigaSpire",
        "sends an empty post before any Inform, with credentials if it is asked for them",
        empty_post_first=True,
    ),
    _http("three-empty-posts", "SpeedTouch 780", "goes on until it has sent three empty posts", empty_posts_at_end=3),
    _http(
        "extra-headers",
        "devices behind proxies",
        "sends headers that nobody asked for",
        extra_headers=(("X-Forwarded-For", "192.0.2.7"), ("Via", "1.0 cache"), ("Pragma", "no-cache")),
    ),
)
"""All of them."""
