"""The page of a run: that of a simulation, and what the server held and had to do meanwhile."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from simulators.figures import amount, clock
from simulators.report import tables
from simulators.report.document import Document
from simulators.report.html import page, section
from simulators.report.markup import Markup, tag
from simulators.report.plot import Frame, Key, columns, line, nothing, picture
from simulators.report.scales import amounts, times
from simulators.report.tables import Figure, grid
from tests.chaos.endurance.run import Endurance
from tests.chaos.endurance.watching import Watch, growing

PROGRAM: Final = "python -m tests.chaos.endurance"
"""What runs it."""
Points = Sequence[tuple[float, float]]
_MOST_STRETCHES: Final = 100
_MIB: Final = 2**20
_BAD_ENDS: Final = ("failed", "expired", "cancelled", "unknown")


def page_of(document: Document, run: Endurance, states: Mapping[tuple[str, str], int], warm: float) -> str:
    """All of it."""
    watch, seconds = run.watch, document.seconds
    return page(
        document,
        [
            section("The server", *_server(watch, seconds), _grown(watch, warm, run.ended)),
            section("The work", *_work(watch, seconds), _bulks(run), _operations(states)),
            section(
                "What went wrong, and why",
                tag("p", "Each line is explained by a quirk, by what went wrong by chance on a line, or by operators."),
                _explained(run),
            ),
            section(
                "Operators",
                tag(
                    "div",
                    tables.counts("answer of the API", run.operators.answers),
                    tables.counts("answer of the receiver of webhooks", _named(run.receiver.answers)),
                    class_="beside",
                ),
            ),
        ],
        PROGRAM,
    )


def over_time(heading: str, seconds: float, series: Mapping[str, Points], note: str = "", decimals: int = 0) -> Markup:
    """Lines, each in a colour of its own."""
    top = max((value for points in series.values() for _, value in points), default=0.0)
    if not top:
        return nothing(heading, "There was nothing.")
    frame = Frame(times(seconds), amounts(top), heading, note)
    drawn = [
        line([frame.point(at, value) for at, value in points], f"c{number}")
        for number, points in enumerate(series.values())
        if points
    ]
    keys = [Key(f"c{number}", name) for number, name in enumerate(series)] if len(series) > 1 else []
    return picture(frame, [*drawn, _told(frame, series, decimals)], keys)


def _told(frame: Frame, series: Mapping[str, Points], decimals: int) -> Markup:
    """What is shown of each stretch when somebody points at it."""
    longest = max(series.values(), key=len)
    step = max(1, len(longest) // _MOST_STRETCHES)
    spans = []
    for number in range(0, len(longest) - step, step):
        left, right = longest[number][0], longest[number + step][0]
        words = [clock(left)]
        for name, points in series.items():
            found = [value for at, value in points if at <= right]
            words += [f"{name}: {found[-1]:,.{decimals}f}"] if found else []
        spans.append((frame.x(left), frame.x(right), "\n".join(words)))
    return columns(spans)


def _server(watch: Watch, seconds: float) -> list[Markup]:
    samples, censuses = watch.samples, watch.censuses
    used = [
        (later.at, 100 * (later.cpu - earlier.cpu) / (later.at - earlier.at))
        for earlier, later in pairwise(samples)
        if later.at > earlier.at
    ]
    return [
        over_time(
            "Memory", seconds, {
                "all that it holds": [(each.at, each.memory / _MIB) for each in samples],
                "pages of its file": [(each.at, each.pages / _MIB) for each in censuses],
            },
            "MiB that the server holds (RSS); with the file grow the pages that SQLite keeps, up to a bound.", 1,
        ),
        over_time("Processor", seconds, {"percent": used}, "Percent of one core that the server takes.", 1),
        over_time(
            "Open files and threads", seconds,
            {
                "files and sockets": [(each.at, each.files) for each in samples],
                "threads": [(each.at, each.threads) for each in samples],
                "tasks": [(each.at, sum(each.tasks.values())) for each in censuses],
            },
        ),
        over_time(
            "Python objects", seconds, {"objects": [(each.at, each.objects) for each in censuses]},
            "Those that the collector knows, made since the server serves and still held.",
        ),
    ]  # fmt: skip


def _grown(watch: Watch, warm: float, until: float) -> Markup | None:
    found = growing(watch, warm, until)
    if not found:
        return None
    return tag("p", "More at the end than when it was warm: ", "; ".join(found), ".", class_="nothing")


def _work(watch: Watch, seconds: float) -> list[Markup]:
    stands = watch.stands
    ended = {
        "completed": [(each.at, each.operations["completed"]) for each in stands],
        "ended otherwise": [(each.at, sum(each.operations[name] for name in _BAD_ENDS)) for each in stands],
    }
    waiting = {
        name.replace("_", " "): [(each.at, each.operations[name]) for each in stands]
        for name in ("scheduled", "queued", "in_progress")
    }
    progress = {
        "devices of bulk requests": [(each.at, each.bulk) for each in stands],
        "devices with the new firmware": [(each.at, each.updated) for each in stands],
    }
    return [
        over_time("Operations that have ended", seconds, ended),
        over_time("Operations that are still to be done", seconds, waiting),
        over_time("Bulk requests and the firmware campaign", seconds, progress),
    ]


def _bulks(run: Endurance) -> Markup:
    rows = [
        (
            f"{each.kind} of all {each.sort}",
            [
                Figure(each.state, words=True), Figure(amount(each.total)),
                Figure(amount(each.failed), bad=each.failed > 0),
                Figure(", ".join(f"{name}: {count}" for name, count in each.errors.items()), words=True),
            ],
        )
        for each in run.projects.bulks
    ]  # fmt: skip
    campaign = run.projects.campaign
    if campaign is not None:
        updated, count = campaign.updated(run.world.clock.now()), len(campaign.members)
        state = "completed" if campaign.is_over else "under way"
        rows.append(
            ("firmware campaign", [Figure(state), Figure(amount(count)), Figure(amount(count - updated)), Figure("")])
        )
    return grid(("many devices at once", "state", "devices", "failed", "why"), rows)


def _operations(states: Mapping[tuple[str, str], int]) -> Markup:
    """How the operations of each kind ended, by the server's story when all was over."""
    kinds: Counter[str] = Counter()
    for (kind, _), count in states.items():
        kinds[kind] += count
    ends = sorted({state for _, state in states})
    rows = [
        (kind, [Figure(amount(count)), *(Figure(amount(states.get((kind, end), 0))) for end in ends)])
        for kind, count in kinds.most_common()
    ]
    return grid(("operation", "all", *ends), rows)


def _explained(run: Endurance) -> Markup:
    found = sorted(run.ledger.explained.items(), key=lambda item: (item[0][0], -item[1]))
    rows = [(kind, [Figure(why, words=True), Figure(amount(times))]) for (kind, why), times in found]
    bad = [
        (kind, [Figure("nothing explains it", words=True, bad=True), Figure(amount(times), bad=True)])
        for kind, times in run.ledger.unexplained.most_common()
    ]
    return grid(("what", "by what", "times"), [*bad, *rows])


def _named(found: Mapping[int, int]) -> dict[str, int]:
    return {str(name): count for name, count in found.items()}
