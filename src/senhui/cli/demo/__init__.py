"""The sample city (示例城市): real names, made-up land. Everything here is sample data and says so.

`make_sample_layers` writes two sub-compartment layers in the official schema and the administrative units;
`design_totals` gives what each must add up to. They go through the front door like anybody's (`cli.sample_city`).
"""

from senhui.cli.demo.layers import SampleCity, make_sample_layers
from senhui.cli.demo.totals import YEARS, design_totals

__all__ = ["YEARS", "SampleCity", "design_totals", "make_sample_layers"]
