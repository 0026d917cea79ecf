"""Calibration to design-based totals: the domains meet their totals and the measured stocks stay as they were."""

import json
from dataclasses import asdict

import polars as pl
import pytest
from tests.measurement.stands import BOOK, measured, stands

from senhui.measurement import (
    CalibrationFactors,
    DesignTotal,
    NothingToCalibrate,
    UnknownDomain,
    apply_factors,
    calibrate,
    calibration_from_dict,
    measure_stands,
)

LAYER = stands(
    [
        {"land_class": "tree_forest", "species_group": "chinese_fir", "volume_m3_ha": 100.0, "area_ha": 10.0},
        {"land_class": "economic_forest", "species_group": "oil_tea", "area_ha": 4.0},
        {"land_class": "bamboo_forest", "species_group": "moso_bamboo", "stems_ha": 3000.0, "area_ha": 5.0},
        {"land_class": "special_shrub", "area_ha": 2.0},
        {"land_class": "shrub", "area_ha": 1.0},
        {"land_class": "sparse_forest", "species_group": "oak", "volume_m3_ha": 15.0, "area_ha": 3.0},
        {
            "land_class": "non_forest",
            "area_ha": 9.0,
            "scattered_volume_m3": 20.0,
            "scattered_species_group": "camphor",
        },
        {"land_class": "nursery", "area_ha": 1.0},
        {"land_class": None, "area_ha": 1.0},
    ]
)
MEASURED = measured(LAYER)
DOMAINS = {
    "arbor": ["tree_forest", "economic_forest"],
    "bamboo": ["bamboo_forest"],
    "shrub": ["special_shrub", "shrub"],
    "other": ["sparse_forest"],
}


def design(**totals_tc: float) -> list[DesignTotal]:
    return [DesignTotal(domain, total, "a survey", "抽样总体", "sampled") for domain, total in totals_tc.items()]


FULL = design(arbor=700.0, bamboo=60.0, shrub=30.0, other=90.0)


def test_each_domain_meets_its_total() -> None:
    calibrated = apply_factors(MEASURED, calibrate(MEASURED, design_totals=FULL))
    for total in FULL:
        main = calibrated.filter(pl.col("land_class").is_in(DOMAINS[total.domain]))
        stock_tc = (main["main_tc"] * main["main_factor"]).sum()
        if total.domain == "other":
            stock_tc += (calibrated["scattered_tc"] * calibrated["scattered_factor"]).sum()
        assert stock_tc == pytest.approx(total.total_tc, rel=1e-12)
    assert calibrated["calibrated_stock_tc"].sum() == pytest.approx(880.0, rel=1e-12)


def test_what_was_measured_stays() -> None:
    calibrated = apply_factors(MEASURED, calibrate(MEASURED, design_totals=FULL))
    changed = ["main_factor", "scattered_factor", "calibrated_stock_tc"]
    assert calibrated.drop(changed).equals(MEASURED.drop(changed), null_equal=True)
    assert calibrated.columns == MEASURED.columns


def test_calibrating_twice_is_calibrating_once() -> None:
    factors = calibrate(MEASURED, design_totals=FULL)
    once = apply_factors(MEASURED, factors)
    assert apply_factors(once, factors).equals(once, null_equal=True)
    assert calibrate(once, design_totals=FULL) == factors


def test_measuring_with_factors_is_measuring_and_then_applying_them() -> None:
    factors = calibrate(MEASURED, design_totals=FULL)
    at_once = measure_stands(LAYER.lazy(), book=BOOK, factors=factors).collect()
    assert at_once.equals(apply_factors(MEASURED, factors), null_equal=True)


def test_a_domain_without_a_total_keeps_a_factor_of_one() -> None:
    factors = calibrate(MEASURED, design_totals=design(bamboo=60.0))
    calibrated = apply_factors(MEASURED, factors)
    factor = dict(calibrated.select("land_class", "main_factor").iter_rows())
    assert factor["bamboo_forest"] != 1.0
    assert factor["tree_forest"] == factor["nursery"] == factor[None] == 1.0
    assert set(calibrated["scattered_factor"]) == {1.0}


def test_no_estimate_stays_no_estimate() -> None:
    calibrated = apply_factors(MEASURED, calibrate(MEASURED, design_totals=FULL))
    assert calibrated.filter(pl.col("land_class") == "nursery")["calibrated_stock_tc"].to_list() == [None]


def test_the_factors_carry_their_reason_through_a_manifest() -> None:
    factors = calibrate(MEASURED.lazy(), design_totals=FULL)
    assert calibration_from_dict(json.loads(json.dumps(asdict(factors)))) == factors
    arbor = factors.factors[0]
    assert (arbor.design_tc, arbor.source, arbor.reason_en) == (700.0, "a survey", "sampled")
    assert arbor.factor == pytest.approx(arbor.design_tc / arbor.measured_tc)


def test_a_total_for_a_domain_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownDomain, match="mangrove"):
        calibrate(MEASURED, design_totals=design(mangrove=1.0))


def test_a_total_where_nothing_was_measured_is_refused() -> None:
    with pytest.raises(NothingToCalibrate, match="bamboo") as caught:
        calibrate(MEASURED.filter(pl.col("land_class") != "bamboo_forest"), design_totals=FULL)
    assert caught.value.design_tc == 60.0


def test_without_factors_all_is_one() -> None:
    assert apply_factors(MEASURED, CalibrationFactors(())).equals(MEASURED, null_equal=True)
    assert MEASURED["calibrated_stock_tc"].equals(MEASURED["stock_tc"], null_equal=True)
