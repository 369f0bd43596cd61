"""Every metric of the gateway. What labels say is written in the configuration, never what a client wrote."""

from __future__ import annotations

from .metric import COUNTER, GAUGE, HISTOGRAM, Metric

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_MOMENTS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_WHOSE = ("model", "provider")

REQUESTS = Metric(COUNTER, "torouter_requests_total", "Requests that were answered.", ("endpoint", *_WHOSE, "outcome"))
SECONDS = Metric(
    HISTOGRAM,
    "torouter_request_seconds",
    "Seconds from the head of a request to the last byte of its answer.",
    ("endpoint",),
    _SECONDS,
)
FIRST = Metric(
    HISTOGRAM,
    "torouter_first_output_seconds",
    "Seconds from the head of a request to the first output of a stream.",
    _WHOSE,
    _SECONDS,
)
OVERHEAD = Metric(
    HISTOGRAM,
    "torouter_overhead_seconds",
    "Seconds of a request in which neither an upstream nor the client was waited for, if one attempt was enough.",
    ("endpoint",),
    _MOMENTS,
)
TOKENS = Metric(
    COUNTER, "torouter_tokens_total", "Tokens that providers told of; classes do not overlap.", (*_WHOSE, "class")
)
COST = Metric(
    COUNTER, "torouter_cost_total", "What tokens cost, where a price is known, in the currency.", (*_WHOSE, "currency")
)
ATTEMPTS = Metric(COUNTER, "torouter_attempts_total", "Calls of providers.", ("provider", "outcome"))
RETRIES = Metric(COUNTER, "torouter_retries_total", "Calls of providers beside the first of a request.", ("provider",))
LOSSES = Metric(
    COUNTER,
    "torouter_losses_total",
    "Places of requests and answers that did not get through.",
    ("endpoint", "provider", "severity"),
)
COOLDOWNS = Metric(
    COUNTER, "torouter_cooldowns_total", "How often a failure had a target or its provider left alone.", _WHOSE
)
ALONE = Metric(
    GAUGE,
    "torouter_left_alone",
    "Targets and, with an empty model, whole providers that a worker leaves alone now, or looks after again.",
    (*_WHOSE, "state"),
)
RUNNING = Metric(GAUGE, "torouter_requests_running", "Requests that are being answered.")
STREAMS = Metric(GAUGE, "torouter_streams_running", "Streams that clients are being sent.")
WORKERS = Metric(GAUGE, "torouter_workers", "Workers that serve.")
RECORDED = Metric(COUNTER, "torouter_usage_records_total", "Records of usage, by what became of them.", ("fate",))
CROWDED = Metric(COUNTER, "torouter_metrics_refused_total", "Numbers for which there was no room.")

ALL = (
    REQUESTS, SECONDS, FIRST, OVERHEAD, TOKENS, COST, ATTEMPTS, RETRIES, LOSSES, COOLDOWNS, ALONE, RUNNING, STREAMS,
    WORKERS, RECORDED, CROWDED,
)  # fmt: skip
