"""Figures for Prometheus: https://prometheus.io/docs/practices/naming/."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from domain.inbox import Delivery
from domain.jobs import Job, State, counts
from domain.shipping import unmatched
from domain.store import Store

#: Jobs wait for partners, so theirs are longer than those of requests.
_JOB_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one process; those of the job table are read when they are asked for.

    Called by the worker with a job's kind, what became of it, and how many seconds it ran.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "deskhand_http_request_seconds",
            "Requests answered, by route, method and status.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._runs = Histogram(
            "deskhand_job_run_seconds",
            "Runs of jobs, by kind and what became of them.",
            ("kind", "outcome"),
            buckets=_JOB_SECONDS,
            registry=self._registry,
        )
        self._jobs = Gauge(
            "deskhand_jobs",
            "Jobs in the table that are not done.",
            ("state",),
            registry=self._registry,
        )
        self._waiting = Gauge(
            "deskhand_job_oldest_due_seconds",
            "How long the job that is due longest has been waiting.",
            registry=self._registry,
        )

        self._unmatched = Gauge(
            "deskhand_unmatched_scans",
            "Scans of parcels that nobody knows yet.",
            registry=self._registry,
        )
        self._unread = Gauge(
            "deskhand_inbox_unread",
            "Partners' messages that are kept, and not read yet.",
            registry=self._registry,
        )

    def __call__(self, kind: str, outcome: str, seconds: float) -> None:
        """Count one run of a job."""
        self._runs.labels(kind, outcome).observe(seconds)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the pattern that matched, not the path."""
        self._requests.labels(route, method, str(status)).observe(seconds)

    async def exposition(self, store: Store, now: datetime) -> bytes:
        """Return all figures in Prometheus' text format."""
        async with store.across() as session:
            found = await counts(session)
            oldest = await session.scalar(
                select(func.min(Job.due_at)).where(
                    Job.finished_at.is_(None), Job.state == State.READY, Job.due_at <= now
                )
            )
            self._unmatched.set((await unmatched.waiting(session)).scans)
            unread = select(func.count()).select_from(Delivery).where(Delivery.unread)
            self._unread.set(await session.scalar(unread) or 0)
        for state in (State.READY, State.RUNNING, State.DEAD):
            self._jobs.labels(state).set(found.get(state, 0))
        self._waiting.set((now - oldest).total_seconds() if oldest else 0)
        return generate_latest(self._registry)
