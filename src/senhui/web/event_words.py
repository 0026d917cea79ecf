"""Words for events, pools, and what became of stands, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

KINDS = {
    "harvest": _("Harvest"),
    "fire": _("Fire"),
    "pine_wilt": _("Pine wilt disease"),
    "conversion": _("Conversion"),
    "planting": _("Planting"),
}

STATEMENTS = {
    "kind": _("Kind of event"),
    "taken_frac": _("Share of the stock felled or dead"),
    "product_frac": _("Share of the stems that became products"),
    "fate": _("What became of the wood"),
    "after_tc_ha": _("Carbon directly after, or of the plants"),
    "soil_after_tc_ha": _("Soil carbon at the new balance"),
    "burned_forest": _("Kind of forest that burned"),
    "gwp_report": _("Warming potentials"),
}

FATES = {
    "oxidised": _("burned or chipped on the spot"),
    "dead_wood": _("left as dead wood"),
    "wood_products": _("made into products"),
}

POOLS = {
    "stem": _("stems"),
    "branches": _("branches and leaves"),
    "roots": _("roots"),
    "living": _("living biomass"),
    "dead_wood": _("dead wood"),
    "litter": _("litter"),
    "soil": _("soil"),
    "wood_products": _("wood products"),
    "ch4": _("methane (CH₄)"),
    "n2o": _("nitrous oxide (N₂O)"),
    "ch4_n2o": _("CH₄ and N₂O of dead wood and litter"),
}

STAND_CLASSES = {
    "unchanged": _("unchanged outline"),
    "renumbered": _("renumbered"),
    "split": _("split"),
    "merged": _("merged"),
    "moved_boundary": _("boundary moved"),
    "vanished": _("only in the earlier layer"),
    "new": _("only in the later layer"),
}
