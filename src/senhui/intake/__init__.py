"""The only room that reads users' files into plain tables (数据导入): sub-compartment layers, boundaries.

What a file says is never believed without a look at the whole column; what is wrong with a row is a finding, what
is wrong with a file is a named :class:`LayerRefused`. Cases: ``tests/intake/``; speed: ``benchmarks/intake.py``.
"""

from senhui.intake.as_read import LayerAsRead, read_layer
from senhui.intake.boundaries import read_boundaries
from senhui.intake.interpretation import ImportContext, Interpretation, interpret
from senhui.intake.mapping_file import read_mapping, write_mapping
from senhui.intake.profile import ImportProfile
from senhui.intake.reasons import REASONS, Reason
from senhui.intake.recheck import areas_of_repair, recheck, repaired_outlines
from senhui.intake.refusal import LayerRefused, MappingNeeded
from senhui.intake.rejected import read_corrections, spreadsheet_safe, write_findings, write_rejected
from senhui.intake.sub_compartments import SubCompartmentLayer, read_sub_compartments

__all__ = [
    "REASONS",
    "ImportContext",
    "ImportProfile",
    "Interpretation",
    "LayerAsRead",
    "LayerRefused",
    "MappingNeeded",
    "Reason",
    "SubCompartmentLayer",
    "areas_of_repair",
    "interpret",
    "read_boundaries",
    "read_corrections",
    "read_layer",
    "read_mapping",
    "read_sub_compartments",
    "recheck",
    "repaired_outlines",
    "spreadsheet_safe",
    "write_findings",
    "write_mapping",
    "write_rejected",
]
