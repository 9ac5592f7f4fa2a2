"""Names of servers: looked up once for thousands of devices, and not for ever."""

import asyncio
from collections.abc import Sequence

import pytest

from simulators.client.connection import Connection
from simulators.client.connector import Connector
from simulators.client.names import MOST, Names
from simulators.client.target import read_target
from tests.simulators.client.scripted import PATIENCE, asking, serving


class Book:
    """Knows addresses, and notes who asked."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def look_up(self, host: str) -> Sequence[str]:
        """See ``LookUp``."""
        self.asked.append(host)
        await self.may_answer.wait()
        if host not in self.known:
            raise OSError(f"no {host}")
        return self.known[host]


async def test_a_name_is_looked_up_once_however_many_ask() -> None:
    book = Book(acs_example=("192.0.2.1",))
    names = Names(book.look_up)
    found = await asyncio.gather(*(names.find("acs.example") for _ in range(50)))
    assert set(found) == {("192.0.2.1",)}
    assert await names.find("acs.example") == ("192.0.2.1",)
    assert book.asked == ["acs.example"]


async def test_who_gives_up_does_not_stop_it_for_the_others() -> None:
    book = Book(acs_example=("192.0.2.1",))
    book.may_answer.clear()
    names = Names(book.look_up)
    first, second = (asyncio.ensure_future(names.find("acs.example")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    book.may_answer.set()
    async with asyncio.timeout(PATIENCE):
        assert await second == ("192.0.2.1",)


async def test_a_failure_is_not_remembered() -> None:
    book = Book()
    names = Names(book.look_up)
    for _ in range(2):
        with pytest.raises(OSError, match=r"no acs\.example"):
            await names.find("acs.example")
    book.known["acs.example"] = ("192.0.2.1",)
    assert await names.find("acs.example") == ("192.0.2.1",)


async def test_there_is_an_end_to_the_names_that_are_remembered() -> None:
    book = Book(**{f"host{number}": ("192.0.2.1",) for number in range(MOST + 1)})
    names = Names(book.look_up)
    for number in [*range(MOST + 1), MOST, 0]:
        await names.find(f"host{number}")
    assert len(book.asked) == MOST + 2


async def test_who_cannot_wait_is_told_what_was_found_and_has_the_name_looked_up() -> None:
    book = Book(acs_example=("192.0.2.1", "192.0.2.2"))
    names = Names(book.look_up)
    assert [names.first("acs.example"), names.first("acs.example")] == [None, None]
    assert await names.find("acs.example") == ("192.0.2.1", "192.0.2.2")
    assert names.first("acs.example") == "192.0.2.1"
    assert book.asked == ["acs.example"]


async def test_who_cannot_wait_has_no_more_names_looked_up_than_are_remembered() -> None:
    book = Book(**{f"host{number}": ("192.0.2.1",) for number in range(MOST + 1)})
    book.may_answer.clear()
    names = Names(book.look_up)
    for number in range(MOST + 1):
        assert names.first(f"host{number}") is None
    await asyncio.sleep(0)
    assert len(book.asked) == MOST
    book.may_answer.set()


async def test_each_address_of_a_name_is_tried() -> None:
    async with serving(asking()) as server:
        target = read_target(f"http://acs.example:{server.port}/")
        assert target is not None
        connector = Connector(names=Names(Book(acs_example=("127.0.0.2", "127.0.0.1")).look_up))
        connection = await connector.connect(Connection, target)
        assert connection.is_open
        connection.close()
        for addresses, why in ((("127.0.0.2",), "127.0.0.2"), ((), "without an address")):
            with pytest.raises(OSError, match=why):
                await Connector(names=Names(Book(acs_example=addresses).look_up)).connect(Connection, target)
