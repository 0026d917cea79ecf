"""The whole way from a file to the map: import, measure, release, tiles and statistics of one large layer.

    .venv/bin/python benchmarks/whole_way.py [--sub-compartments 300000]

Makes the sample city's layer as a GeoPackage, then runs the product's own actions in a process of its own and prints
the seconds of each step and the peak memory, against the targets: ≤ 2 minutes, ≤ 4 GB on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET_S, TARGET_GB = 120.0, 4.0


def whole_way(layer: Path, boundaries: Path, year: int) -> dict[str, float]:
    """Run the actions one after the other and return the seconds of each."""
    from senhui.cli import main

    main.set_up()
    from senhui.atlas.jobs import build_map
    from senhui.cli import sample_city
    from senhui.intake import read_boundaries
    from senhui.inventory.actions.import_layer import import_layer
    from senhui.inventory.actions.load_administrative_units import load_administrative_units
    from senhui.inventory.actions.measure_draft import measure_draft
    from senhui.inventory.actions.release_draft import release_draft

    people = sample_city.make_people(now=main.now())
    load_administrative_units(people["demo-admin"], units=read_boundaries(boundaries), is_sample=True, now=main.now())
    steps: dict[str, float] = {}

    def timed(name: str, began: float) -> None:
        steps[name] = time.perf_counter() - began

    def quiet(fraction: float, note: str) -> None:
        pass

    began = time.perf_counter()
    draft = import_layer(
        people["demo-technician"],
        path=layer,
        original_name=layer.name,
        reference_year=year,
        now=main.now(),
        progress=quiet,
    )
    timed("import", began)
    assert draft.n_errors == 0, f"the sample layer has {draft.n_errors} errors"
    began = time.perf_counter()
    measure_draft(people["demo-technician"], draft_id=draft.id, now=main.now(), progress=quiet)
    timed("measure", began)
    began = time.perf_counter()
    release = release_draft(
        people["demo-reviewer"], draft_id=draft.id, label="Benchmark", now=main.now(), progress=quiet
    )
    timed("release", began)
    began = time.perf_counter()
    build_map(release.id, progress=quiet)
    timed("tiles and statistics", began)
    return steps


def main() -> None:
    """Make the layer, run the way, print figures and targets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sub-compartments", type=int, default=300_000)
    parser.add_argument("--layer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--boundaries", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.layer:
        steps = whole_way(arguments.layer, arguments.boundaries, 2021)
        # Not ru_maxrss: that of a child begins at what its parent held when it was born.
        status = Path("/proc/self/status").read_text("ascii")
        peak_gb = int(status.split("VmHWM:")[1].split()[0]) / 1024**2
        print(json.dumps({"steps": steps, "peak_gb": peak_gb}))
        return
    with tempfile.TemporaryDirectory() as directory:
        from senhui.cli.demo import make_sample_layers

        began = time.perf_counter()
        city = make_sample_layers(
            Path(directory),
            n_sub_compartments=arguments.sub_compartments,
            format="gpkg",
            progress=lambda f, note: None,
        )
        layer = city.layers[2021]
        print(
            f"Layer made in {time.perf_counter() - began:.1f} s: {layer.stat().st_size / 1e6:.0f} MB",
            flush=True,
        )
        environment = {**os.environ, "SENHUI_HOME": f"{directory}/home"}
        run = subprocess.run(
            [sys.executable, __file__, "--layer", str(layer), "--boundaries", str(city.boundaries)],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        result = json.loads(run.stdout.splitlines()[-1])
    total = sum(result["steps"].values())
    for name, seconds in result["steps"].items():
        print(f"{name:24} {seconds:7.1f} s")
    print(f"{'whole way':24} {total:7.1f} s   target ≤ {TARGET_S:.0f} s   {'met' if total <= TARGET_S else 'MISSED'}")
    peak = result["peak_gb"]
    print(
        f"{'peak memory':24} {peak:7.2f} GB  target ≤ {TARGET_GB:.0f} GB   {'met' if peak <= TARGET_GB else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
