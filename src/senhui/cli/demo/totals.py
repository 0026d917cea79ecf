"""What the sample city must add up to: the design-based carbon totals and the living stock of each year.

All numbers are parameters (`senhui.parameters`, ids `lishui_*`). The published figures are a mean over 2016-2021
and a yearly difference; the two years stand half the period before and after the mean. Cases:
tests/cli/demo/test_totals.py.
"""

from dataclasses import dataclass

from senhui.measurement import DesignError, DesignTotal, design_totals_from_shares
from senhui.parameters import scalar, value
from senhui.quantities import PER_WAN

YEARS = (2016, 2021)
DOMAINS = ("arbor", "bamboo", "shrub", "other")
SOURCE = (
    "mark D, derived from lishui_stock_wan_tc, lishui_sink_wan_tc_yr and lishui_share_*_frac (Du Hao 2023, Journal of "
    "Zhejiang Forestry Science and Technology 43(3):87-93, doi 10.3969/j.issn.1001-3776.2023.03.012, abstract)"
)
REASON_ZH = (
    "示例数据：该年总量由全市固定样地抽样估计的森林植被碳储量均值、年均碳汇及各部分占比推得；小班汇总校准到这一总量。"
    "系数既补上换算方法与样地模型之差，也补上没有估计的小班。"
)
REASON_EN = (
    "Sample data: the total of this year follows from the plot-based mean stock of the city, its yearly sink and the "
    "shares of its parts. The sum over sub-compartments is calibrated to it; the factor makes up for the difference "
    "between these methods and the plots' models, and for sub-compartments without an estimate."
)


@dataclass(frozen=True)
class LivingStock:
    """Living stock (活立木蓄积) of the sample city in one year, shared by where the trees stand.

    Attributes
    ----------
    stand_m3 : float, [m3], trees of tree forest
    other_m3 : float, [m3], trees of sparse forest and scattered trees of any land
    """

    stand_m3: float
    other_m3: float


def city_stock_tc(year: int) -> float:
    """Return the carbon that the design-based survey gives the city in a year [tC].

    Examples
    --------
    >>> round(city_stock_tc(2016) / PER_WAN, 2), round(city_stock_tc(2021) / PER_WAN, 2)
    (5929.17, 7380.77)
    """
    assert year in YEARS, f"the sample city was surveyed in {YEARS}, not in {year}"
    half_way = sum(YEARS) / len(YEARS)
    mean_wan_tc, yearly_wan_tc = _number("lishui_stock_wan_tc"), _number("lishui_sink_wan_tc_yr")
    return (mean_wan_tc + (year - half_way) * yearly_wan_tc) * PER_WAN


def growth_ratio(year: int) -> float:
    """Return the stock of a year over the mean of the survey years."""
    return city_stock_tc(year) / (sum(city_stock_tc(each) for each in YEARS) / len(YEARS))


def design_totals(year: int) -> tuple[DesignTotal, ...]:
    """Return the total of each calibration domain, with source and reason.

    Examples
    --------
    >>> {total.domain: round(total.total_tc) for total in design_totals(2016)}
    {'arbor': 49152819, 'bamboo': 4731478, 'shrub': 1583088, 'other': 3824315}
    """
    return design_totals_from_shares(
        city_stock_tc(year),
        shares_frac={domain: _share(domain) for domain in DOMAINS},
        source=SOURCE,
        reason_zh=REASON_ZH,
        reason_en=REASON_EN,
        error=survey_error(year),
    )


def survey_error(year: int) -> DesignError:
    """Return the error of the city's total: what follows from its published precision, an upper limit.

    Examples
    --------
    >>> survey_error(2021).standard_error_frac
    0.0357
    """
    found = value("error_sources", "design_total/*", "relative_error_frac")
    return DesignError(float(found.value), found.source, found.mark, survey=f"city {year}")


def living_stock(year: int) -> LivingStock:
    """Return the living stock of a year: it grows as carbon does, and its mean is the published extrapolation.

    Sparse and scattered trees get the part of the volume that they have of the carbon of all trees.
    """
    mean_m3 = _number("lishui_sample_living_stock_wan_m3") * PER_WAN
    total_m3 = mean_m3 * growth_ratio(year)
    other_frac = _share("other") / (_share("arbor") + _share("other"))
    return LivingStock(stand_m3=total_m3 * (1 - other_frac), other_m3=total_m3 * other_frac)


def _share(domain: str) -> float:
    return _number(f"lishui_share_{domain}_frac")


def _number(parameter_id: str) -> float:
    return float(scalar(parameter_id).value)
