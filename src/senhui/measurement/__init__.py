"""Measurement (计量): from what was surveyed on a stand to the carbon that stands on it.

The formulas are functions over columns; the choice among them is data (`parameters/method_rules.yaml`); each result
carries a derivation. Published numbers come from `senhui.parameters`; cases lie in `tests/measurement/`.
"""

from senhui.measurement.area_density import stock_tc
from senhui.measurement.bamboo import biomass_by_culms_t_ha
from senhui.measurement.book import MethodBook, default_book
from senhui.measurement.calibration import (
    CalibrationFactor,
    CalibrationFactors,
    DesignError,
    DesignTotal,
    NothingToCalibrate,
    UnknownDomain,
    apply_factors,
    calibrate,
    calibration_from_dict,
    design_totals_from_shares,
)
from senhui.measurement.carbon import carbon_tc_ha
from senhui.measurement.declarations import NOTHING_DECLARED, Declarations, Declared, declarations_from_dict
from senhui.measurement.derivation import Derivation, DerivationInput, ParameterUse, RuleNote, parameters_used
from senhui.measurement.fire import fire_dead_organic_matter_tco2e, fire_gas_t, fire_non_co2_tco2e
from senhui.measurement.ground import GROUND_POOLS
from senhui.measurement.stand_table import NoEquationForSpecies, measure_culm_table, measure_stand_table, sums_by
from senhui.measurement.sub_compartment import (
    MEASURED_COLUMNS,
    UnknownKeys,
    measure_stands,
    refuse_unknown_keys,
    totals,
)
from senhui.measurement.tree import (
    above_ground_t_ha,
    biomass_by_expansion_t_ha,
    biomass_by_volume_line_t_ha,
    biomass_on_volume_ramp_t_ha,
    tree_volume_m3,
)
from senhui.measurement.tree_equations import OutsideFittedRange, UnknownEquationRow, measure_trees

__all__ = [
    "GROUND_POOLS",
    "MEASURED_COLUMNS",
    "NOTHING_DECLARED",
    "CalibrationFactor",
    "CalibrationFactors",
    "Declarations",
    "Declared",
    "Derivation",
    "DerivationInput",
    "DesignError",
    "DesignTotal",
    "MethodBook",
    "NoEquationForSpecies",
    "NothingToCalibrate",
    "OutsideFittedRange",
    "ParameterUse",
    "RuleNote",
    "UnknownDomain",
    "UnknownEquationRow",
    "UnknownKeys",
    "above_ground_t_ha",
    "apply_factors",
    "biomass_by_culms_t_ha",
    "biomass_by_expansion_t_ha",
    "biomass_by_volume_line_t_ha",
    "biomass_on_volume_ramp_t_ha",
    "calibrate",
    "calibration_from_dict",
    "carbon_tc_ha",
    "declarations_from_dict",
    "default_book",
    "design_totals_from_shares",
    "fire_dead_organic_matter_tco2e",
    "fire_gas_t",
    "fire_non_co2_tco2e",
    "measure_culm_table",
    "measure_stand_table",
    "measure_stands",
    "measure_trees",
    "parameters_used",
    "refuse_unknown_keys",
    "stock_tc",
    "sums_by",
    "totals",
    "tree_volume_m3",
]
