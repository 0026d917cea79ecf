"""Registers the map's jobs at start-up."""

from django.apps import AppConfig


class AtlasConfig(AppConfig):
    """The atlas room as a Django application: its tables are what people keep of the map."""

    name = "senhui.atlas"
    label = "atlas"

    def ready(self) -> None:
        """Make the map's long actions available as jobs."""
        from senhui.atlas.change_jobs import compare_and_map_as_job, draw_change_as_job
        from senhui.atlas.draft_tiles import DRAW, draw_draft_as_job, measure_and_draw_as_job
        from senhui.atlas.jobs import draw_map_as_job, export_sub_compartments, release_and_map_as_job
        from senhui.jobs.registry import register

        register("atlas.release_and_map", release_and_map_as_job)
        register(DRAW, draw_draft_as_job)
        register("atlas.measure_and_draw", measure_and_draw_as_job)
        register("atlas.draw_map", draw_map_as_job)
        register("atlas.compare_releases", compare_and_map_as_job)
        register("atlas.draw_change", draw_change_as_job)
        register("atlas.export_sub_compartments", export_sub_compartments)
