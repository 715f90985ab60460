"""How long does the weekly page of a large base take, and how much memory?

A scored company's last two weeks are copied until there are so many accounts, and the page is made
of them, with and without its PDF, each in a process of its own; beside it stands what reading the
same scores out of the store takes alone. Run it with ``python -m benchmarks.report``; without
``--config`` it makes a demo company first, which takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models.store.scores import AccountScore, ScoreStore, StoredScore
from pipelines.config.settings import Settings, load
from pipelines.scoring.input_snapshots import snapshots

ACCOUNTS = 50_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, help="settings of a company that is scored twice")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--child", choices=("store", "page", "pdf"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(load(chosen.config), chosen.child)
        return
    with TemporaryDirectory() as folder:
        config = chosen.config or demo(Path(folder))
        measure(enlarged(load(config), Path(folder) / "large", chosen.accounts))


def demo(folder: Path) -> Path:
    """Make a demo company that was scored in two weeks."""
    from pipelines.monitoring.monitor import monitor
    from pipelines.orchestration.demo import demo as made
    from pipelines.scoring.score import score

    config = folder / "expansion.toml"
    config.write_text('[paths]\nwork = "var"\n[data]\nfolder = "source"\n')
    settings = load(config)
    result = made(settings, accounts=1000, progress=lambda _text, _share: None)
    before = date.fromordinal(date.fromisoformat(result.as_of).toordinal() - 7)
    score(settings, missed=before)
    monitor(settings, on=before)
    return config


def enlarged(settings: Settings, folder: Path, accounts: int) -> Path:
    """Return the settings of a company with so many accounts, copies of this one's."""
    folder.mkdir()
    config = folder / "expansion.toml"
    config.write_text(f'[paths]\nwork = "var"\n[data]\nfolder = "{settings.data_folder}"\n')
    large = load(config)
    large.work.mkdir()
    for name in ("release", "watch", "tables"):
        if (settings.work / name).exists():
            shutil.copytree(settings.work / name, large.work / name, symlinks=True)
    for name in ("forecast.json", "training.json"):
        if (settings.work / name).exists():
            shutil.copy(settings.work / name, large.work / name)
    times = _scores(settings, large, accounts)
    _features(settings, large, times)
    large.snapshots_folder.mkdir()
    for snapshot in snapshots(settings.snapshots_folder)[-2:]:
        table = pq.read_table(snapshot.path)
        pq.write_table(_copies(table, times), large.snapshots_folder / snapshot.path.name)
    return config


def _scores(settings: Settings, large: Settings, accounts: int) -> int:
    """Copy the last two scorings; return how often every account was copied."""
    with closing(ScoreStore(settings.store_url)) as store:
        known = store.scorings()[:2]
        read = []
        for scoring in known:
            with store.open_scoring(scoring.as_of) as whole:
                read.append(list(whole.rows) if whole else [])
    times = -(-accounts // len(read[0]))
    with closing(ScoreStore(large.store_url)) as store:
        for scoring, rows in zip(known, read, strict=True):
            store.write(replace(scoring, accounts=len(rows) * times), _rows(rows, times))
    return times


def _rows(scores: list[StoredScore], times: int) -> Iterator[AccountScore]:
    for copy in range(times):
        for one in scores:
            known = {name: getattr(one, name) for name in AccountScore.__dataclass_fields__}
            known |= {"account_id": f"{one.account_id}-{copy}", "rank": one.rank * times + copy}
            known["csm_id"] = f"{one.csm_id}-{copy}"
            yield AccountScore(**known)


def _features(settings: Settings, large: Settings, times: int) -> None:
    table = pq.read_table(settings.feature_table)
    newest = max(table["as_of"].to_pylist())
    rows = pq.read_table(settings.feature_table, filters=[("as_of", "==", newest)])
    pq.write_table(_copies(rows, times), large.feature_table)


def _copies(table: pa.Table, times: int) -> pa.Table:
    ids = table["account_id"].to_pandas()
    place = table.schema.get_field_index("account_id")
    parts = [
        table.set_column(place, "account_id", pa.array(ids + f"-{copy}", pa.string()))
        for copy in range(times)
    ]
    return pa.concat_tables(parts).replace_schema_metadata(table.schema.metadata)


def child(settings: Settings, what: str) -> None:
    """Do one thing and print what it took."""
    start = time.perf_counter()
    size = 0
    if what == "store":
        with closing(ScoreStore(settings.store_url)) as store:
            for scoring in store.scorings():
                with store.open_scoring(scoring.as_of) as whole:
                    size += len(list(whole.rows)) if whole else 0
    else:
        from pipelines.report import pdf
        from pipelines.report.report import report

        if what == "page":
            pdf.missing = lambda: "left out"
        size = report(settings).size_kb
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "mb": used, "size": size}))


def measure(config: Path) -> None:
    """Print time and memory of the page, of its PDF too, and of reading the store alone."""
    found = {}
    for what in ("store", "page", "pdf"):
        command = [sys.executable, "-m", "benchmarks.report", "--child", what, "--config", config]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        found[what] = json.loads(done.stdout)
    frame = pd.DataFrame(found).T
    alone = frame.loc["store"]
    frame["times reading"] = frame["seconds"] / alone["seconds"]
    frame["memory, times reading"] = frame["mb"] / alone["mb"]
    print(frame.round(2).to_string())
    print(
        f"\n{alone['size']:,.0f} scores in two weeks; a page of {frame.loc['page', 'size']:.0f} kB"
    )


if __name__ == "__main__":
    main()
