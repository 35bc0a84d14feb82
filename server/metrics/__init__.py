"""Figures of the running program for Prometheus: what somebody who looks after it can act on.  See README.md.

Nothing here has a name, an id, a token or an address in it: a label's value is a word of ours or the template of a
route.  What is counted anyway (packets, rooms, lines) is read when Prometheus asks, and costs nothing in between.
"""

from server.metrics.metrics import Metrics
from server.metrics.serving import MetricsPortTaken

__all__ = ["Metrics", "MetricsPortTaken"]
