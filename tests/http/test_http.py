"""Health, metrics and webhooks, over a real socket."""

from __future__ import annotations

import errno
import hashlib
import hmac
import io
import json
import socket
import unicodedata
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text

from bot.http.metrics import Metrics
from bot.http.server import CantListen, build, listen
from domain import jobs
from domain.inbox import Delivery
from domain.jobs import Job, NewJob
from domain.store import Store

_SECRET = "sécret"
Client = TestClient[web.Request, web.Application]


class Parts(dict[str, bool]):
    """Which parts of the process are alive; the test changes it."""

    def __call__(self) -> dict[str, bool]:
        return self


@pytest.fixture
def parts() -> Parts:
    return Parts(worker=True)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def client(
    store: Store, metrics: Metrics, parts: Parts, now: datetime
) -> AsyncIterator[Client]:
    application = build(
        store, metrics, now=lambda: now, secrets_of={"easypost": _SECRET}, alive=parts
    )
    application.router.add_get("/broken", _broken)
    async with TestClient(TestServer(application)) as client:
        yield client


async def _broken(_request: web.Request) -> web.Response:
    raise ZeroDivisionError("Jane Buyer, 5 Elm Street")


async def test_a_process_that_answers_is_up(client: Client) -> None:
    response = await client.get("/healthz")
    assert (response.status, await response.json()) == (200, {"status": "ok"})
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Server"] == "deskhand"


async def test_a_process_is_ready_when_all_its_parts_are(client: Client, parts: Parts) -> None:
    response = await client.get("/readyz")
    assert response.status == 200
    assert await response.json() == {
        "status": "ok",
        "database": "ok",
        "schema": "ok",
        "worker": "ok",
    }
    parts["worker"] = False
    response = await client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["worker"] == "stopped"


async def test_a_process_without_its_database_is_not_ready(now: datetime) -> None:
    store = Store("postgresql://127.0.0.1:1/desk")
    async with TestClient(TestServer(build(store, Metrics(), now=lambda: now))) as client:
        response = await client.get("/readyz")
        assert response.status == 503
        assert (await response.json())["database"] == "does not answer"
        assert (await client.get("/healthz")).status == 200
        response = await client.get("/metrics")
        assert response.status == 503
        assert "database does not answer" in (await response.json())["error"]
    await store.close()


async def test_a_process_on_other_tables_is_not_ready(tmp_path: Path, now: datetime) -> None:
    store = Store(f"sqlite:///{tmp_path}/empty.db")
    async with TestClient(TestServer(build(store, Metrics(), now=lambda: now))) as client:
        response = await client.get("/readyz")
        assert response.status == 503
        assert "run `deskhand migrate`" in (await response.json())["schema"]
        async with store.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
            await connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
        response = await client.get("/readyz")
        assert response.status == 503
        assert "newer Deskhand" in (await response.json())["schema"]
    await store.close()


async def test_metrics_tell_of_jobs_runs_and_requests(
    client: Client, store: Store, merchant: int, metrics: Metrics, now: datetime
) -> None:
    async with store.across(write=True) as session:
        waiting = [NewJob(key=f"{number}", kind="post") for number in range(3)]
        await jobs.add(session, merchant, waiting, now - timedelta(seconds=90))
        await jobs.claim(session, now - timedelta(seconds=30), most=1)
    metrics("post", "done", 0.2)
    metrics("post", "dead", 7.0)
    await client.get("/healthz")
    await client.get("/nothing/1042")
    response = await client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    figures = dict(
        line.rsplit(" ", 1)
        for line in (await response.text()).splitlines()
        if not line.startswith("#")
    )
    assert figures['deskhand_jobs{state="ready"}'] == "2.0"
    assert figures['deskhand_jobs{state="running"}'] == "1.0"
    assert figures['deskhand_jobs{state="dead"}'] == "0.0"
    assert figures["deskhand_job_oldest_due_seconds"] == "90.0"
    assert figures["deskhand_unmatched_scans"] == figures["deskhand_inbox_unread"] == "0.0"
    assert figures['deskhand_job_run_seconds_count{kind="post",outcome="done"}'] == "1.0"
    assert figures['deskhand_job_run_seconds_sum{kind="post",outcome="dead"}'] == "7.0"
    answered = "deskhand_http_request_seconds_count"
    assert figures[f'{answered}{{method="GET",route="/healthz",status="200"}}'] == "1.0"
    assert figures[f'{answered}{{method="GET",route="none",status="404"}}'] == "1.0"


async def test_each_desk_counts_for_itself(store: Store, now: datetime) -> None:
    first, second = Metrics(), Metrics()
    first("post", "done", 0.1)
    assert b'kind="post"' in await first.exposition(store, now)
    assert b'kind="post"' not in await second.exposition(store, now)


async def test_a_carriers_message_is_kept_once(client: Client, store: Store, merchant: int) -> None:
    body = json.dumps({"id": "evt_1", "description": "tracker.updated", "result": {}}).encode()
    for status in ("kept", "known"):
        response = await client.post("/webhooks/easypost", data=body, headers=_signed(body))
        assert (response.status, await response.json()) == (200, {"status": status})
    async with store.read(merchant) as session:
        (delivery,) = await session.scalars(select(Delivery))
        (job,) = await session.scalars(select(Job))
    assert (delivery.source, delivery.reference) == ("easypost", "evt_1")
    assert delivery.body == body.decode()
    assert delivery.unread
    assert (job.kind, job.payload, job.waits_as) == ("inbox.easypost", {}, "inbox:easypost")


@pytest.mark.parametrize("header", [None, "", "hmac-sha256-hex=00", "ünsigned"])
async def test_a_message_of_somebody_else_is_refused(
    client: Client, store: Store, merchant: int, header: str | None
) -> None:
    headers = {} if header is None else {"X-Hmac-Signature": header}
    response = await client.post("/webhooks/easypost", data=b'{"id": "evt_1"}', headers=headers)
    assert response.status == 401
    assert "X-Hmac-Signature does not belong" in (await response.json())["error"]
    async with store.read(merchant) as session:
        assert (await session.scalars(select(Delivery))).all() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"id": 7}',
        b'{"id": ""}',
        b"\xff",
        '{"id": "evt_1"}'.encode("utf-16"),
        b'{"id": "evt\\u0000"}',
        b'{"id": "\\ud800"}',
        b'{"id": "%s"}' % (b"e" * 256),
    ],
)
async def test_a_message_that_is_no_event_is_refused(client: Client, body: bytes) -> None:
    response = await client.post("/webhooks/easypost", data=body, headers=_signed(body))
    assert response.status == 400
    assert "This is not an EasyPost event" in (await response.json())["error"]


async def test_a_message_without_end_is_refused(client: Client) -> None:
    body = io.BytesIO(b"a" * (1024 * 1024 + 1))
    response = await client.post("/webhooks/easypost", data=body)
    assert response.status == 413
    assert await response.json() == {"error": "The message is longer than any that belongs here."}


async def test_without_a_secret_nothing_is_taken(store: Store, now: datetime) -> None:
    async with TestClient(TestServer(build(store, Metrics(), now=lambda: now))) as client:
        response = await client.post("/webhooks/easypost", data=b"{}", headers=_signed(b"{}"))
        assert response.status == 503
        assert "EASYPOST_WEBHOOK_SECRET is not set" in (await response.json())["error"]


async def test_errors_are_sentences_and_tell_nothing_of_anybody(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = await client.get("/broken")
    assert response.status == 500
    answer = await response.json()
    assert "Buyer" not in answer["error"]
    assert answer["error"].startswith("Something went wrong on the desk's side; its log knows ")
    reference = answer["error"].rstrip(".").rsplit(" ", 1)[1]
    assert reference in caplog.text
    for path, status in (("/webhooks/easypost", 405), ("/nothing", 404)):
        response = await client.get(path)
        assert response.status == status
        assert (await response.json())["error"]


def test_a_taken_port_is_said_with_what_to_set() -> None:
    with listen("127.0.0.1", 0) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(CantListen, match=f"Port {port} is taken.*set DESKHAND_PORT"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_said_with_what_to_set() -> None:
    with pytest.raises(CantListen, match=r"192\.0\.2\.1 is not an address of this machine"):
        listen("192.0.2.1", 0)


def test_a_host_that_does_not_exist_is_said() -> None:
    with pytest.raises(CantListen, match="Check DESKHAND_HOST"):
        listen("no such host", 0)


def test_a_port_of_the_system_is_said_with_what_to_set() -> None:
    error = CantListen("127.0.0.1", 80, PermissionError(errno.EACCES, "denied"))
    assert str(error).startswith("Port 80 is not yours to listen on.")


def test_a_free_port_is_found() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        assert listener.getsockname()[1] > 0


def _signed(body: bytes) -> dict[str, str]:
    key = unicodedata.normalize("NFKD", _SECRET).encode()
    digest = hmac.new(key, body, hashlib.sha256).hexdigest()
    return {"X-Hmac-Signature": f"hmac-sha256-hex={digest}"}
