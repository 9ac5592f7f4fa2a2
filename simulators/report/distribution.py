"""The picture of how long sessions took."""

import math
from collections.abc import Sequence
from typing import Final

from simulators.figures import amount, duration, share
from simulators.histogram import GROWTH
from simulators.report.document import Bucket, Document
from simulators.report.markup import Markup
from simulators.report.plot import Frame, bars, columns, marks, nothing, picture, upright
from simulators.report.scales import amounts, durations

MOST_BARS: Final = 80
"""Neighbouring buckets are put together until there are no more bars than this."""


def distribution(document: Document) -> Markup:
    """How the sessions that ended well are spread over the time they took."""
    heading = "Session latency"
    if not document.distribution:
        return nothing(heading, "No session ended well.")
    groups = grouped(document.distribution)
    count = sum(group.count for group in groups)
    frame = Frame(
        durations(groups[0].low, groups[-1].high),
        amounts(max(100 * group.count / count for group in groups)),
        heading,
        note="Percent of the sessions that ended well, by how long they took.",
    )
    boxes = [frame.box(group.low, group.high, 0, 100 * group.count / count) for group in groups]
    told = columns(
        (
            box[0],
            box[1],
            f"{duration(each.low)} to {duration(each.high)}\n{amount(each.count)}, {share(each.count, count)}",
        )
        for box, each in zip(boxes, groups, strict=True)
    )
    found = percentiles(document)
    places = [(min(1.0, max(0.0, frame.across.place(value))), name, duration(value)) for name, value in found]
    drawn = [bars(boxes, "ok", "sessions"), upright(place for place, _, _ in places), told]
    return picture(frame, drawn, above=marks(places))


def percentiles(document: Document) -> list[tuple[str, float]]:
    """The percentiles that are marked."""
    told = document.session
    values = (("p50", told.p50), ("p90", told.p90), ("p99", told.p99), ("p99.9", told.p999), ("max", told.max))
    return [(name, value) for name, value in values if value]


def grouped(buckets: Sequence[Bucket]) -> list[Bucket]:
    """Neighbours put together so that each bar is as wide as any other and there are not too many."""
    numbers = [round(math.log(bucket.low) / math.log(GROWTH)) for bucket in buckets]
    size = math.ceil((numbers[-1] - numbers[0] + 1) / MOST_BARS)
    groups: dict[int, Bucket] = {}
    for bucket, number in zip(buckets, numbers, strict=True):
        group, within = divmod(number - numbers[0], size)
        low = bucket.low / GROWTH**within
        so_far = groups.get(group)
        groups[group] = Bucket(low, low * GROWTH**size, bucket.count + (so_far.count if so_far else 0))
    return list(groups.values())
