"""Addresses of all pages. Each page's view is wrapped so that a known refusal becomes a page that explains it."""

from __future__ import annotations

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.i18n import set_language

from senhui.web.api import api
from senhui.web.errors import explained
from senhui.web.views import (
    about,
    boundaries,
    changes,
    declarations,
    events,
    exports,
    imports,
    imports_draft,
    imports_mapping,
    imports_row,
    jobs,
    map,
    map_boxes,
    minute,
    overlays,
    parameters,
    releases,
    sheet,
    sign_in,
    statistics,
    targets,
    uncertainty,
    views,
    wall,
)


def _page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    return path(route, explained(view), name=name)


urlpatterns = [
    _page("", map.map_page, "map"),
    _page("map/panel/", map.panel, "map-panel"),
    _page("map/export.<str:form>", exports.export, "map-export"),
    _page("map/boundaries/", boundaries.boundaries, "map-boundaries"),
    _page("map/boundaries/<int:boundary_id>/", boundaries.one_boundary, "map-boundaries-one"),
    _page("map/boundaries/<int:boundary_id>/delete/", boundaries.delete, "map-boundaries-delete"),
    _page("map/views/", views.views, "map-views"),
    _page("map/views/<str:key>/", views.change, "map-views-one"),
    _page("v/<str:key>/", views.open_view, "view"),
    _page("map/sheet/", sheet.show_form, "map-sheet"),
    _page("map/sheet.<str:form>", sheet.download, "map-sheet-download"),
    _page("map/boxes/", map_boxes.map_boxes, "map-boxes"),
    _page("overlays/", overlays.list_overlays, "overlays"),
    _page("overlays/<int:overlay_id>/remove/", overlays.remove, "overlays-remove"),
    _page("statistics/", statistics.statistics_page, "statistics"),
    _page("statistics/table.<str:form>", statistics.download, "statistics-download"),
    _page("releases/", releases.list_releases, "releases"),
    _page("releases/<str:release_id>/", releases.show_release, "releases-one"),
    _page("releases/<str:release_id>/draw-map/", releases.draw_map, "releases-draw-map"),
    _page("releases/<str:release_id>/error/", uncertainty.show_error, "releases-error"),
    _page("releases/<str:release_id>/parameters/", releases.show_parameters, "releases-parameters"),
    _page("releases/<str:release_id>/derivations/<int:number>/", releases.show_derivation, "releases-derivation"),
    _page("releases/<str:release_id>/sub-compartments.<str:form>", releases.export, "releases-export"),
    _page("imports/", imports.list_imports, "imports"),
    _page("imports/<int:draft_id>/", imports_draft.show_draft, "imports-draft"),
    _page("imports/<int:draft_id>/findings.csv", imports_draft.download_findings, "imports-findings"),
    _page("imports/<int:draft_id>/rejected.<str:form>", imports_draft.download_rejected, "imports-rejected"),
    _page("imports/<int:draft_id>/corrected/", imports_draft.correct_from_file, "imports-corrected-file"),
    _page("imports/<int:draft_id>/exclude/", imports_draft.exclude, "imports-exclude"),
    _page("imports/<int:draft_id>/measure/", imports_draft.measure, "imports-measure"),
    _page("imports/<int:draft_id>/draw-map/", imports_draft.draw_map, "imports-draw-map"),
    _page("imports/<int:draft_id>/discard/", imports_draft.discard, "imports-discard"),
    _page("imports/<int:draft_id>/release/", imports_draft.release, "imports-release"),
    _page("imports/<int:draft_id>/mapping/", imports_mapping.show_mapping, "imports-mapping"),
    _page("imports/<int:draft_id>/mapping/save/", imports_mapping.save_mapping, "imports-mapping-save"),
    _page("imports/<int:draft_id>/mapping/load/", imports_mapping.load_mapping, "imports-mapping-load"),
    _page("imports/<int:draft_id>/rows/<int:row>/", imports_row.show_row, "imports-row"),
    _page("imports/<int:draft_id>/rows/<int:row>/correct/", imports_row.correct, "imports-row-correct"),
    _page("imports/<int:draft_id>/rows/<int:row>/exclude/", imports_row.exclude, "imports-row-exclude"),
    _page("imports/<int:draft_id>/rows/<int:row>/reopen/", imports_row.reopen, "imports-row-reopen"),
    _page("changes/", changes.list_changes, "changes"),
    _page("changes/<str:change_id>/", changes.show_change, "changes-one"),
    _page("changes/<str:change_id>/draw-map/", changes.draw_map, "changes-draw-map"),
    _page("changes/<str:change_id>/closing.<str:form>", changes.download, "changes-download"),
    _page("events/", events.list_events, "events"),
    _page("events/record/", events.record, "events-record"),
    _page("events/<int:event_id>/reverse/", events.reverse_one, "events-reverse"),
    _page("declarations/", declarations.list_declarations, "declarations"),
    _page("declarations/<str:declarable_id>/", declarations.show_declaration, "declarations-one"),
    _page("declarations/<str:declarable_id>/withdraw/", declarations.withdraw, "declarations-withdraw"),
    _page("targets/", targets.targets_page, "targets"),
    _page("minute/", minute.minute_page, "minute"),
    _page("wall/", wall.wall_page, "wall"),
    _page("wall/slides/", wall.slides, "wall-slides"),
    _page("parameters/", parameters.list_parameters, "parameters"),
    _page("parameters/<str:parameter_id>/", parameters.show_parameter, "parameters-one"),
    _page("jobs/<int:job_id>/", jobs.show_job, "jobs-one"),
    _page("jobs/<int:job_id>/state/", jobs.job_state, "jobs-state"),
    _page("jobs/<int:job_id>/again/", jobs.again, "jobs-again"),
    _page("jobs/<int:job_id>/cancel/", jobs.cancel_job, "jobs-cancel"),
    _page("jobs/<int:job_id>/file/", jobs.download, "jobs-download"),
    _page("sign-in/", sign_in.sign_in, "sign-in"),
    _page("sign-in/<str:token>/", sign_in.sign_in_by_link, "sign-in-link"),
    _page("sign-out/", sign_in.sign_out, "sign-out"),
    _page("about/", about.about, "about"),
    path("language/", set_language, name="set_language"),
    path("api/v1/", api.urls),
]

handler403 = "senhui.web.views.failures.not_allowed"
handler404 = "senhui.web.views.failures.not_found"
handler500 = "senhui.web.views.failures.broken"
