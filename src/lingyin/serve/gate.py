"""The gate before every route: host, token or session, forged requests, sizes, crowds. Whatever is not named open is
closed."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import traceback
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lingyin.serve import headers as sets
from lingyin.serve.access import Access
from lingyin.serve.settings import Settings
from lingyin.serve.store import Store

log = logging.getLogger(__name__)

COOKIE = "lingyin"
WRITE_HEADER = "x-lingyin"  # a form on another site cannot send it; scripts of another site may not
READS = frozenset({"GET", "HEAD"})
SMALL_BODY = 64 << 10  # for everything but uploads
UPLOAD = re.compile(r"/studies|/dicomweb/studies(/[^/]+)?")
DRAINED = 8 << 20  # of a refused body: read and dropped, so that the sender gets to see the answer


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """The gate's own answer."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


class Gate:
    """ASGI middleware. `scope["state"]["who"]` names the caller to the routes behind it."""

    def __init__(self, app: ASGIApp, settings: Settings, access: Access, store: Store) -> None:
        self._app, self._settings, self._access, self._store = app, settings, access, store
        self._names = {"localhost", settings.host.lower(), *(name.lower() for name in settings.names)}
        self._slots = asyncio.Semaphore(settings.max_uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there are no websockets: the connection is closed
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                answer = MutableHeaders(scope=message)
                for name, value in {
                    **sets.ALWAYS,
                    **({} if "content-security-policy" in answer else sets.DATA),
                }.items():
                    answer.setdefault(name, value)
                if "server" in answer:
                    del answer["server"]
            await send(message)

        try:
            await self._pass(scope, receive, guarded)
        except Refused as refused:
            await _drain(receive)
            await _answer(guarded, refused.status, refused.detail, refused.headers)
        except Exception as error:
            # The message of an exception may quote a file name or patient data: only its kind and place are logged.
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("defect: %s at\n%s", type(error).__name__, place)
            if not started:
                await _answer(guarded, 500, "a defect of the program; its log names the place", {})

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        self._check_host(asked)
        method, path = scope["method"], scope["path"]
        is_open = path == "/" or path.startswith("/page/") or (path, method) == ("/session", "POST")
        who = self._who(asked)
        if who is None and not is_open:
            raise Refused(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        if method not in READS:
            self._check_forgery(asked, who)
        scope.setdefault("state", {})["who"] = who
        if method != "POST" or UPLOAD.fullmatch(path) is None:
            await self._app(scope, _limited(receive, asked, SMALL_BODY), send)
            return
        body = _limited(receive, asked, self._settings.max_upload_bytes)
        if self._store.waiting() >= self._settings.max_waiting:
            raise Refused(503, "the queue is full", {"Retry-After": "30"})
        try:
            await asyncio.wait_for(self._slots.acquire(), self._settings.upload_wait_s)
        except TimeoutError:
            raise Refused(429, "too many uploads at the same time", {"Retry-After": "5"}) from None
        try:
            await self._app(scope, body, send)
        finally:
            self._slots.release()

    def _check_host(self, asked: Headers) -> None:
        """A name that somebody else controls may point at this machine (DNS rebinding); an address cannot."""
        if not self._known(asked.get("host", "")):
            raise Refused(421, "this server is not known under that name; see --name")

    def _known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _check_forgery(self, asked: Headers, who: str | None) -> None:
        """A write that a browser's cookie may have opened must come from our own page."""
        if who == "token":
            return
        origin = asked.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != asked.get("host", "").lower():
            raise Refused(403, "this came from another site")
        if WRITE_HEADER not in asked:
            raise Refused(403, "the header X-Lingyin is missing")

    def _who(self, asked: Headers) -> str | None:
        kind, _, token = asked.get("authorization", "").partition(" ")
        if kind:
            return "token" if kind.lower() == "bearer" and self._access.holds(token.strip()) else None
        secret = session_secret(asked.get("cookie", ""))
        return None if secret is None else self._access.session(secret)


def session_secret(cookie: str) -> str | None:
    """The session's secret in a Cookie header."""
    try:
        morsel = SimpleCookie(cookie).get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value


def _limited(receive: Receive, asked: Headers, limit: int) -> Receive:
    """`receive`, which ends with 413 once more than `limit` bytes have come; raises at once if they are announced."""
    announced = asked.get("content-length", "0")
    if not announced.isdecimal():
        raise Refused(400, "Content-Length is no number")
    too_large = f"more than {limit} bytes in one request"
    if int(announced) > limit:
        raise Refused(413, too_large)
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, too_large)
        return message

    return counted


async def _drain(receive: Receive) -> None:
    left = DRAINED
    try:
        async with asyncio.timeout(5):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


async def _answer(send: Send, status: int, detail: str, more: Mapping[str, str]) -> None:
    body = json.dumps({"detail": detail}).encode()
    heads = {"content-type": "application/json", "content-length": str(len(body)), **more}
    raw = [(name.lower().encode(), value.encode()) for name, value in heads.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
