"""The error of a layer: the product beside draws per stand in plain NumPy, side by side in one run.

    .venv/bin/python benchmarks/uncertainty.py [--rounds 3]

Each variant works in a process of its own, in turn, several rounds; the medians are compared.
    analytic    300,000 stands: all pools measured, sums of error, interval of city, 9 counties and 180 townships
    linear      500,000 stands x 1,000 draws, species factors and county surveys shared, areas independent:
                from sums (product) and per stand (plain NumPy, in blocks)
    ramp        300,000 stands x 200 draws of the line over volume with its ramp, volumes independent:
                Numba kernel (product) and plain NumPy
    tree        300,000 stands x 200 draws of a D^b H^c with errors of D and H: the same two
The rival has the same blocks and the same stream of random numbers per block. Standard errors of the totals must agree
within four times the error of the draws, or the run fails.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

SEED = 7
BLOCK = 4096
TARGETS = {"analytic": (5.0, None), "linear": (2.0, None), "ramp": (30.0, 4.0), "tree": (30.0, 4.0)}
"""Seconds and gigabytes that the product must keep to."""
Found = dict[str, float]


def random() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(SEED))


def layer(n: int) -> Any:
    """Write stands of twelve tree groups, bamboo and shrub over 180 townships of nine counties."""
    import polars as pl

    draw = np.random.default_rng(20261122)
    groups = ["chinese_fir", "masson_pine", "oak", "schima", "hard_broadleaf", "soft_broadleaf", "mixed_conifer",
              "mixed_broadleaf", "mixed_conifer_broadleaf", "cypress", "cryptomeria", "huangshan_pine"]  # fmt: skip
    classes = draw.choice(["tree_forest", "bamboo_forest", "special_shrub"], n, p=[0.82, 0.12, 0.06])
    counties = [f"3311{code}" for code in ("02", "21", "22", "23", "24", "25", "26", "27", "81")]
    township = draw.integers(0, 180, n)
    codes = np.array([f"{counties[k // 20]}{101 + k % 20}" for k in range(180)])
    frame = pl.DataFrame({
        "township_code": codes[township], "land_class": classes,
        "species_group": np.array(groups)[draw.integers(0, 12, n)], "volume_m3_ha": draw.gamma(1.5, 45.0, n),
        "stems_ha": draw.gamma(9.0, 300.0, n), "area_ha": draw.gamma(2.0, 2.0, n) + 0.05,
        "dbh_cm": draw.gamma(9.0, 1.6, n), "height_m": draw.gamma(9.0, 1.1, n),
        "scattered_volume_m3": draw.gamma(1.0, 6.0, n),
    })  # fmt: skip
    is_tree, is_bamboo = pl.col("land_class") == "tree_forest", pl.col("land_class") == "bamboo_forest"
    return frame.with_columns(
        pl.when(is_bamboo).then(pl.lit("moso_bamboo")).when(is_tree).then("species_group").alias("species_group"),
        pl.when(is_tree).then("volume_m3_ha"),
        pl.when(is_bamboo).then("stems_ha"),
        pl.when(pl.int_range(pl.len()) % 3 == 0).then("scattered_volume_m3"),
        pl.lit("oak").alias("scattered_species_group"),
        (pl.col("volume_m3_ha") * pl.col("area_ha")).alias("volume_m3"),
        pl.col("township_code").str.head(6).alias("county_code"),
    )


# ------------------------------------------------------------------------------------------------------ the variants


def analytic_product() -> Found:
    """Measure all pools of 300,000 stands and find the interval of every place."""
    from senhui.measurement import default_book, measure_stands
    from senhui.measurement.error_book import error_book
    from senhui.measurement.sensitivity import error_sums
    from senhui.measurement.uncertainty import intervals

    stands, book = layer(300_000), default_book()
    began = time.perf_counter()
    measured = measure_stands(stands.lazy(), book=book).collect()
    sums = error_sums(measured, book=book)
    errors = error_book(book.derivations)
    townships = sums["township_code"].unique().sort().to_list()
    places = ["", *sorted({code[:6] for code in townships}), *townships]
    found = intervals(sums, book=errors, within=places)
    for pool in ("understory", "litter", "dead_wood", "soil_100cm"):
        intervals(sums, book=errors, within=places[:10], pools=[pool])
    return {"s": time.perf_counter() - began, "standard_error_tc": found[""].standard_error_tc}


def linear_layer() -> tuple[Any, Any, Any]:
    """Return 500,000 measured stands, what they were measured with, and sources that are linear for all of them."""
    import polars as pl

    from senhui.measurement import default_book, measure_stands
    from senhui.measurement.error_book import ErrorOverride, error_book

    book = default_book(prefer="expansion")
    stands = layer(500_000).filter(pl.col("land_class") == "tree_forest")
    stands = (
        pl.concat([stands, stands]).head(500_000).with_columns(scattered_volume_m3=pl.lit(None, pl.Float64)).rechunk()
    )
    measured = measure_stands(stands.lazy(), book=book).collect()
    used = set(measured["derivation_id"].unique())
    mine = [item for item in book.derivations if item.id in used]
    return measured, book, error_book(mine, overrides=[ErrorOverride("area_single", 0.1, "the benchmark")])


def linear_product() -> Found:
    """Sum the stands and throw the sums."""
    from senhui.measurement.monte_carlo import draw_totals
    from senhui.measurement.sensitivity import error_sums

    measured, book, errors = linear_layer()
    began = time.perf_counter()
    sums = error_sums(measured, book=book)
    drawn = draw_totals(sums, book=errors, rng=random(), n_draws=1000)
    return {"s": time.perf_counter() - began, "standard_error_tc": float(drawn.of("").std(ddof=1)), "n_draws": 1000}


def linear_numpy() -> Found:
    """Throw every stand: the factor of its species, the survey of its county, its own area."""
    measured, _book, errors = linear_layer()
    models = {
        row["derivation_id"]: (row["group"], row["error_frac"])
        for row in errors.effects.iter_rows(named=True)
        if row["source"] == "expansion_model"
    }
    began = time.perf_counter()
    stock = measured["main_tc"].fill_null(0.0).to_numpy()
    ids = measured["derivation_id"].to_numpy()
    groups = sorted({group for group, _ in models.values()})
    row = np.array([groups.index(models[number][0]) if number in models else -1 for number in range(ids.max() + 1)])[
        ids
    ]
    sizes = dict(models.values())
    counties, county = np.unique(measured["county_code"].to_numpy().astype(str), return_inverse=True)
    rng, n_draws = random(), 1000
    spread = np.sqrt(np.log1p(np.array([sizes[group] for group in groups]) ** 2))
    model = np.exp(spread[:, None] * rng.standard_normal((len(groups), n_draws)) - spread[:, None] ** 2 / 2)
    model = np.vstack([model, np.ones(n_draws)])
    survey = 1.0 + 0.0765 * rng.standard_normal((len(counties), n_draws))
    total = np.zeros(n_draws)
    for start in range(0, len(stock), BLOCK):
        part = slice(start, start + BLOCK)
        z = rng.standard_normal((len(stock[part]), n_draws))
        total += (stock[part, None] * model[row[part]] * survey[county[part]] * (1.0 + 0.1 * z)).sum(axis=0)
    return {"s": time.perf_counter() - began, "standard_error_tc": float(total.std(ddof=1)), "n_draws": n_draws}


def bent_stands(n: int = 300_000, n_draws: int = 200) -> dict[str, Any]:
    """Return the numbers of stands for the two bent methods, and factors that they share."""
    draw = np.random.default_rng(20261122)
    place = draw.integers(0, 9, n)
    return {
        "n_draws": n_draws, "place": place, "volume": draw.gamma(1.5, 45.0, n), "area": draw.gamma(2.0, 2.0, n),
        "slope": draw.uniform(0.4, 1.2, n), "intercept": draw.uniform(2.0, 46.0, n), "carbon": np.full(n, 0.5),
        "dbh": draw.gamma(9.0, 1.6, n), "height": draw.gamma(9.0, 1.1, n), "trees": draw.gamma(2.0, 2000.0, n),
        "row": draw.integers(0, 12, n), "model": 1.0 + 0.0744 * draw.standard_normal((12, n_draws)),
        "survey": 1.0 + 0.0765 * draw.standard_normal((9, n_draws)),
    }  # fmt: skip


def answer(began: float, totals: np.ndarray[Any, Any]) -> Found:
    """Return the seconds and the standard error of all places together."""
    total = totals.sum(axis=0)
    return {
        "s": time.perf_counter() - began,
        "standard_error_tc": float(total.std(ddof=1)),
        "n_draws": len(total),
    }


def ramp_product() -> Found:
    """Throw the line over volume with the product's kernel, compiling it included."""
    from senhui.measurement.stand_draws import SharedErrors, VolumeStands, draw_volume_totals

    x = bent_stands()
    stands = VolumeStands(x["volume"], x["area"], x["slope"], x["intercept"], x["carbon"], x["place"])
    began = time.perf_counter()
    totals = draw_volume_totals(
        stands, ramp_end_m3_ha=20.0, model=SharedErrors(x["model"], x["row"]),
        survey=SharedErrors(x["survey"], x["place"]), volume_error_frac=0.2, rng=random(), n_draws=x["n_draws"],
    )  # fmt: skip
    return answer(began, totals)


def in_blocks(x: dict[str, Any], draw: Callable[[slice, np.random.Generator], npt.NDArray[np.float64]]) -> Found:
    """Sum what plain NumPy draws (draws, stands of a block) by place, block by block."""
    began = time.perf_counter()
    starts = range(0, len(x["place"]), BLOCK)
    totals = np.zeros((9, x["n_draws"]))
    for start, stream in zip(starts, random().spawn(len(starts)), strict=True):
        p = slice(start, start + BLOCK)
        carbon = draw(p, stream)
        for place in range(9):
            totals[place] += carbon[:, x["place"][p] == place].sum(axis=1)
    return answer(began, totals)


def ramp_numpy() -> Found:
    """The same with plain NumPy, block by block."""
    x = bent_stands()

    def draw(p: slice, stream: np.random.Generator) -> npt.NDArray[np.float64]:
        z = stream.standard_normal((x["n_draws"], len(x["area"][p])))
        volume = x["volume"][p] * np.maximum(0.0, x["survey"][x["place"][p]].T + 0.2 * z)
        carbon = x["slope"][p] * volume + x["intercept"][p] * np.minimum(volume / 20.0, 1.0)
        carbon *= x["area"][p] * x["carbon"][p] * x["model"][x["row"][p]].T
        return carbon

    return in_blocks(x, draw)


def tree_product() -> Found:
    """Throw mean trees with the product's kernel, compiling it included."""
    from senhui.measurement.stand_draws import SharedErrors, TreeStands, draw_tree_totals

    x = bent_stands()
    n = len(x["place"])
    equation = (np.full(n, 0.065388), np.full(n, 2.01735), np.full(n, 0.49425))
    stands = TreeStands(x["dbh"], x["height"], x["trees"], *equation, x["carbon"], x["place"])
    began = time.perf_counter()
    totals = draw_tree_totals(
        stands, model=SharedErrors(x["model"], x["row"]), dbh_error_frac=0.05, height_error_frac=0.1, rng=random(),
        n_draws=x["n_draws"],
    )  # fmt: skip
    return answer(began, totals)


def tree_numpy() -> Found:
    """The same with plain NumPy: one error for D and one for H, and two powers per stand and draw."""
    x = bent_stands()

    def draw(p: slice, stream: np.random.Generator) -> npt.NDArray[np.float64]:
        shape = (x["n_draws"], len(x["dbh"][p]))
        dbh = x["dbh"][p] * np.exp(0.05 * stream.standard_normal(shape))
        height = x["height"][p] * np.exp(0.1 * stream.standard_normal(shape))
        carbon = x["trees"][p] * x["carbon"][p] * 0.065388 * dbh**2.01735 * height**0.49425 / 1000.0
        carbon *= x["model"][x["row"][p]].T
        return carbon

    return in_blocks(x, draw)


VARIANTS: dict[str, Callable[[], Found]] = {
    "analytic_product": analytic_product,
    "linear_product": linear_product,
    "linear_numpy": linear_numpy,
    "ramp_product": ramp_product,
    "ramp_numpy": ramp_numpy,
    "tree_product": tree_product,
    "tree_numpy": tree_numpy,
}


def run(variant: str) -> Found:
    """Run one variant in a process of its own and return what it found, with the peak of its memory."""
    command = [sys.executable, str(Path(__file__)), "--variant", variant]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Run every variant in turn, several rounds, print the table, and fail where a target or an agreement is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--variant", choices=VARIANTS)
    options = parser.parse_args()
    if options.variant:
        found = VARIANTS[options.variant]()
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(found | {"peak_gb": peak_gb}))
        return 0
    rounds: dict[str, list[Found]] = {name: [] for name in VARIANTS}
    for _ in range(options.rounds):
        for name in VARIANTS:
            rounds[name].append(run(name))
    middle = {name: median(one["s"] for one in found) for name, found in rounds.items()}
    failed = False
    for name, found in rounds.items():
        kind, _, who = name.partition("_")
        peak = max(one["peak_gb"] for one in found)
        line = (
            f"{name:18} {middle[name]:7.2f} s  {peak:5.2f} GB  standard error {found[0]['standard_error_tc']:,.0f} tC"
        )
        if who == "product":
            seconds, memory = TARGETS[kind]
            kept = middle[name] <= seconds and (memory is None or peak <= memory)
            failed |= not kept
            line += (
                f"  target {seconds:g} s{'' if memory is None else f', {memory:g} GB'}: {'kept' if kept else 'MISSED'}"
            )
        else:
            ours = rounds[f"{kind}_product"][0]
            off = abs(ours["standard_error_tc"] / found[0]["standard_error_tc"] - 1.0)
            agrees = off <= 4.0 * (2.0 / (2.0 * (found[0]["n_draws"] - 1))) ** 0.5
            failed |= not agrees
            word = "agrees" if agrees else "DIFFERS"
            line += f"  product {middle[name] / middle[f'{kind}_product']:.1f} x as fast, {word} ({off:.1%})"
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
