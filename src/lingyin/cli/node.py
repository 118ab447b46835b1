"""`lingyin node`: a DICOM node that takes ultrasound images in and sends their results to a peer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lingyin.cli.options import Model, Threads
from lingyin.core.errors import UsageError


def node(
    aet: Annotated[str, typer.Option("--aet", metavar="NAME", help="Title of this node (AE title).")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")],
    send_to: Annotated[str, typer.Option("--send-to", metavar="AET@HOST:PORT", help="Where results go.")],
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="AET", help="Title that may call; anyone where none is given."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where images, results and the queue are kept.")
    ] = None,
    quiet_seconds: Annotated[
        float, typer.Option(min=0, help="A study is complete when nothing came for this long.")
    ] = 30.0,
    instances: Annotated[
        int | None, typer.Option(min=1, help="A study is complete at once when it holds this many images.")
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option("--known", metavar="AET@HOST:PORT", help="Where one listens who asks for storage commitment."),
    ] = None,
    max_associations: Annotated[int, typer.Option(min=1, help="Most callers at the same time.")] = 10,
    attempts: Annotated[int, typer.Option(min=1, help="Deliveries tried before a result is a dead letter.")] = 16,
    backoff_seconds: Annotated[float, typer.Option(min=0.01, help="Pause after the first failure; doubles.")] = 2.0,
    retry_dead: Annotated[bool, typer.Option("--retry-dead", help="Try everything in dead-letter again.")] = False,
    results: Annotated[
        str, typer.Option("--results", metavar="KINDS", help="What the peer gets: any of sr,seg,capture,keys,pdf.")
    ] = "sr,seg,capture,keys,pdf",
    lang: Annotated[str, typer.Option(help="Language of the printed report: en, zh-Hans, zh-Hant or all.")] = "all",
    tls_cert: Annotated[Path | None, typer.Option(metavar="PEM", help="Own certificate: callers must use TLS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="PEM", help="Its key, if in a file of its own.")] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Authority: callers must show a certificate it signed.")
    ] = None,
    send_tls: Annotated[bool, typer.Option("--send-tls", help="Send results with TLS too.")] = False,
    model: Model = None,
    threads: Threads = None,
) -> None:
    """Serve as a DICOM node: store, analyse, send back."""
    try:
        from lingyin.serve.node.run import run
        from lingyin.serve.node.settings import NodeSettings, Peer, Tls, check_kinds, check_title
        from lingyin.serve.settings import default_data
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'lingyin[serve]'") from error
    from lingyin.report.page import languages_of

    languages_of(lang)
    if tls_cert is None and (tls_key or tls_ca or send_tls):
        raise UsageError("--tls-key, --tls-ca and --send-tls need --tls-cert")
    settings = NodeSettings(
        data=(data or default_data() / "node").absolute(),
        aet=check_title(aet),
        port=port,
        send_to=Peer.parse(send_to),
        host=host,
        allow=tuple(check_title(each) for each in allow or ()),
        known=tuple(Peer.parse(each) for each in known or ()),
        quiet_s=quiet_seconds,
        instances=instances,
        max_associations=max_associations,
        attempts=attempts,
        backoff_s=backoff_seconds,
        lang=lang,
        kinds=check_kinds(results),
        tls=None if tls_cert is None else Tls(tls_cert, tls_key, tls_ca),
        send_tls=send_tls,
    )
    run(settings, model, threads, retry_dead, typer.echo)
