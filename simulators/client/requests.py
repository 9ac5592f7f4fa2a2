"""The octets of a post, as most devices write them and as those with quirks do."""

import gzip
import hashlib
import zlib
from typing import Final

from simulators.client.target import Target
from simulators.device.quirks import HttpQuirks

# An empty post has neither (TR-069 3.4.1).
_XML: Final = b'Content-Type: text/xml; charset="utf-8"\r\nSOAPAction:\r\n'
_FILE: Final = "application/octet-stream"
_ENCODINGS: Final = {"gzip": lambda body: gzip.compress(body, 6, mtime=0), "deflate": zlib.compress}


def plain_post(target: Target, body: bytes, extras: bytes) -> bytes:
    """A post; extras are the lines of cookies and login."""
    if not body:
        return b"%b%bContent-Length: 0\r\n\r\n" % (target.post, extras)
    return b"%b%b%bContent-Length: %d\r\n\r\n%b" % (target.post, extras, _XML, len(body), body)


def odd_post(target: Target, body: bytes, extras: bytes, quirks: HttpQuirks) -> tuple[bytes, bytes]:
    """The head and the body of a post of a device with quirks."""
    head = [f"POST {target.path} HTTP/{quirks.version}", f"Host: {target.authority}"]
    head += [f"{name}: {value}" for name, value in quirks.extra_headers]
    length = len(body)
    if body:
        if quirks.content_type is not None:
            head.append(f"Content-Type: {quirks.content_type}")
        head.append("SOAPAction:")
        if quirks.compression != "none":
            head.append(f"Content-Encoding: {quirks.compression}")
            body = _ENCODINGS[quirks.compression](body)
            length = len(body)
        elif quirks.counts_characters:
            length = len(body.decode("utf-8", "replace"))
        if quirks.expect_continue:
            head.append("Expect: 100-continue")
    if body and quirks.chunked:
        head.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    else:
        head.append(f"Content-Length: {length}")
    octets = "\r\n".join((*head, "")).encode("utf-8", "surrogatepass")
    return b"%b%b\r\n" % (octets, extras), body


def file_request(target: Target, method: str, body: bytes, authorization: bytes, kind: str = _FILE) -> bytes:
    """A request for a file, or one that sends it; the kind is its media type."""
    head = [f"{method} {target.path} HTTP/1.1", f"Host: {target.authority}"]
    if method != "GET":
        head += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return b"%b%b\r\n%b" % ("\r\n".join((*head, "")).encode(), authorization, body)


def form_of(name: str, body: bytes) -> tuple[str, bytes]:
    """The media type and the octets of a form with a file in it (RFC 7578)."""
    boundary = hashlib.sha256(body).hexdigest()[:32]
    quoted = name.replace("\\", "").replace('"', "")
    disposition = f'Content-Disposition: form-data; name="file"; filename="{quoted}"'
    head = "\r\n".join((f"--{boundary}", disposition, f"Content-Type: {_FILE}", "", ""))
    return f"multipart/form-data; boundary={boundary}", b"%b%b\r\n--%b--\r\n" % (head.encode(), body, boundary.encode())
