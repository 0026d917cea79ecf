"""The only room that reads users' files into plain tables (数据导入): sub-compartment layers, boundaries.

What a file says is never believed without a look at the whole column; what is wrong with a row is a finding, what
is wrong with a file is a named :class:`LayerRefused`. Cases: ``tests/intake/``; speed: ``benchmarks/intake.py``.
"""

from senhui.intake.as_read import LayerAsRead, read_layer
from senhui.intake.boundaries import read_boundaries
from senhui.intake.mapping_file import read_mapping, write_mapping
from senhui.intake.profile import ImportProfile
from senhui.intake.reasons import REASONS, Reason
from senhui.intake.refusal import LayerRefused
from senhui.intake.rejected import spreadsheet_safe, write_rejected
from senhui.intake.sub_compartments import SubCompartmentLayer, read_sub_compartments

__all__ = [
    "REASONS",
    "ImportProfile",
    "LayerAsRead",
    "LayerRefused",
    "Reason",
    "SubCompartmentLayer",
    "read_boundaries",
    "read_layer",
    "read_mapping",
    "read_sub_compartments",
    "spreadsheet_safe",
    "write_mapping",
    "write_rejected",
]
