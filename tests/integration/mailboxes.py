"""A real IMAP server with one mailbox, and servers that are not as they should be."""

from __future__ import annotations

import asyncio
import imaplib
import socket
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from time import sleep

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import Cleartext

from app.mailbox import Mailbox
from app.mailer import Security

USER, PASSWORD = "keguan@bureau.test", "secret"


class Post:
    """The mailbox as its owner sees it."""

    def __init__(self, port: int) -> None:
        self.mailbox = Mailbox("127.0.0.1", port, USER, PASSWORD, Security.NONE)

    @contextmanager
    def opened(self) -> Iterator[imaplib.IMAP4]:
        """Lend a connection of the owner's."""
        client = imaplib.IMAP4("127.0.0.1", self.mailbox.port, timeout=10)
        client.login(USER, PASSWORD)
        client.select("INBOX")
        yield client
        client.logout()

    def put(self, *mails: bytes) -> None:
        """Let mails arrive."""
        with self.opened() as client:
            for mail in mails:
                client.append("INBOX", "", "", mail)  # type: ignore[arg-type] # neither flags nor a time

    def unread(self) -> list[int]:
        """Return the places of the mails nobody has seen, from 1."""
        with self.opened() as client:
            return [int(one) for one in client.search(None, "UNSEEN")[1][0].split()]

    def count(self) -> int:
        """Return how many mails there are."""
        with self.opened() as client:
            return len(client.search(None, "ALL")[1][0].split())


@contextmanager
def imap_server() -> Iterator[Post]:
    """Run an IMAP server with an empty mailbox."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def serve() -> asyncio.Server:
        given = {"host": ["127.0.0.1"], "port": "0", "cert": None, "key": None, "tls": False, "debug": False}
        user = {"demo_data": False, "demo_user": USER, "demo_password": PASSWORD, "passlib_cfg": None}
        args = Namespace(**given, **user, proxy_protocol=None, inherited_sockets=None)
        backend, config = await DictBackend.init(args, invalid_user_sleep=0.0, hash_context=Cleartext())
        answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
        return await asyncio.start_server(answer, "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(serve(), loop).result(20)
    try:
        yield Post(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def bad_server(lines: Sequence[bytes], pause: float = 0) -> Iterator[Mailbox]:
    """Run a server that says these lines, one a command, and then hangs up or is silent for ``pause``."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with suppress(OSError):
            link, _ = listening.accept()
            with link, link.makefile("rb") as asked:
                link.sendall(b"* OK ready\r\n")
                for line in lines:
                    tag = asked.readline().partition(b" ")[0]
                    link.sendall(line.replace(b"TAG", tag))
                sleep(pause)

    thread = Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield Mailbox("127.0.0.1", listening.getsockname()[1], USER, PASSWORD, Security.NONE)
    finally:
        listening.close()
        thread.join(10)
