"""Routes besides the studies: the page's shell (open to all), sessions, health, and the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response

from lingyin.core.paths import packaged
from lingyin.report.page import asset
from lingyin.serve import headers
from lingyin.serve.gate import COOKIE, session_secret
from lingyin.serve.parts import caller, parts_of
from lingyin.serve.records import AuditPage, Health, Login, Problem
from lingyin.serve.words import page_words
from lingyin.version import __version__

router = APIRouter()
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


@router.get("/", include_in_schema=False)
def shell() -> Response:
    """The page, which holds no data; it shows the login until there is a session."""
    return _shell_file("index.html")


@router.get("/page/{name}", include_in_schema=False)
def shell_part(name: str) -> Response:
    """Style, scripts and words of the page."""
    if name == "words.json":
        return JSONResponse(page_words(), headers=headers.PAGE)
    if name == "report.css":
        return Response(asset("style.css"), media_type="text/css", headers=headers.PAGE)
    return _shell_file(name)


@router.post(
    "/session", status_code=204, tags=["session"], responses={code: {"model": Problem} for code in (401, 403, 429)}
)
def login(request: Request, login: Login, response: Response) -> None:
    """Exchanges the token for a cookie."""
    parts = parts_of(request)
    if not parts.access.holds(login.token):
        if not parts.access.may_try():
            raise HTTPException(429, "too many wrong tokens", {"Retry-After": "60"})
        raise HTTPException(401, "this token is not valid", {"WWW-Authenticate": "Bearer"})
    secret = parts.access.open_session()
    parts.access.note(str(parts.access.session(secret)), "login")
    response.set_cookie(
        COOKIE,
        secret,
        max_age=parts.settings.session_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


@router.delete("/session", status_code=204, tags=["session"])
def logout(request: Request, response: Response) -> None:
    """Ends the session."""
    parts = parts_of(request)
    secret = session_secret(request.headers.get("cookie", ""))
    if secret is not None:
        parts.access.close_session(secret)
    parts.access.note(caller(request), "logout")
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/health", tags=["server"])
def health(request: Request) -> Health:
    """Whether the server works."""
    parts = parts_of(request)
    return Health(
        status="ok" if parts.worker.alive else "worker-stopped", version=__version__, waiting=parts.store.waiting()
    )


@router.get("/audit", tags=["server"])
def audit(
    request: Request,
    offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    study: Annotated[str | None, Query(max_length=100, description="only what was done to this study")] = None,
) -> AuditPage:
    """Who did what, the latest first."""
    total, lines = parts_of(request).access.audit(offset, limit, study)
    return AuditPage(total=total, offset=offset, lines=lines)


def _shell_file(name: str) -> Response:
    folder = packaged("lingyin.serve", "page")
    known = {path.name: path for path in folder.iterdir() if path.suffix in TYPES}
    if name not in known:
        raise HTTPException(404, "the page has no such part")
    path = known[name]
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=headers.PAGE)
