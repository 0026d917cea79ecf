"""Senhui (森汇): a city's forest carbon, from the tree in a plot to the certificate on a wall.

The science rooms (`quantities`, `parameters`, `measurement`) take and return NumPy and Polars and need no Django.
"""

__version__ = "0.1.0"
