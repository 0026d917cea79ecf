"""Releases (发布): the list, one with its manifest, the parameters its totals rest on, and derivations."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from senhui.access.queries import areas_for, require
from senhui.atlas import exports
from senhui.atlas.cube import GROUND_POOLS, VEGETATION
from senhui.atlas.exports.layer_files import Form
from senhui.atlas.statistics import parameters_used, read_by
from senhui.atlas.tiles import has_map
from senhui.inventory import changes, queries
from senhui.jobs.actions.start_job import start_job
from senhui.web import job_titles, names, summaries
from senhui.web.export_request import FORM_NAMES, start_export
from senhui.web.page import page, row_asked, seen_areas, today


def list_releases(request: HttpRequest) -> HttpResponse:
    """List all releases with their totals."""
    listed = [
        {"info": info, "total": summaries.total(info.id, within=""), "has_map": has_map(info.id)}
        for info in queries.releases()
    ]
    if not listed:
        return page(request, "no_release.html")
    return page(request, "releases.html", {"listed": listed})


def show_release(request: HttpRequest, release_id: str) -> HttpResponse:
    """Show who prepared and released what, what was left out, with which code and numbers, and its calibration."""
    info = queries.release(release_id)
    granted = areas_for(request.user, "release_layer", on=today())
    measurement = info.manifest["measurement"]
    total = summaries.total(release_id, within="")
    measure = "calibrated_stock_tc" if summaries.is_calibrated(info) else "stock_tc"
    context = {
        "pools": summaries.pools(total) if total else [],
        "error": summaries.error(info, within="", measure=measure),
        "land_source": names.LAND_SOURCES[total["land_source"]] if total else "",
        "release": info,
        "is_sample": info.is_sample,
        "manifest": info.manifest,
        "excluded": queries.manifest_for(request.user, info, on=today()).get("excluded"),
        "n_corrected": info.manifest.get("n_corrected"),
        "compared": [one for one in changes.changes() if release_id in (one.before.id, one.after.id)],
        "has_map": has_map(release_id),
        "may_draw": not granted.is_empty and all(granted.covers(code) for code in info.township_codes),
        "measurement": measurement,
        "factors": [
            {**row, "name": names.word("domain", row["domain"])}
            for row in (measurement["calibration"] or {"factors": []})["factors"]
        ],
        "total": total,
        "derivations": sorted(queries.derivations(release_id).values(), key=lambda row: (row["kind"], row["id"])),
        "used": parameters_used(release_id),
        "may_export": not areas_for(request.user, "export_sub_compartments", on=today()).is_empty,
        "export_forms": FORM_NAMES.items(),
    }
    return page(request, "release.html", context)


def show_parameters(request: HttpRequest, release_id: str) -> HttpResponse:
    """List every published number that the totals of an area (`within`) rest on."""
    info = queries.release(release_id)
    within = request.GET.get("within", "")
    if within and (not within.isdecimal() or len(within) not in names.LEVEL_OF_LENGTH):
        raise Http404
    with read_by(seen_areas(request)):
        used = parameters_used(release_id, within=within or None)
    context = {
        "release": info,
        "is_sample": info.is_sample,
        "place": names.place(within) if within else "",
        "used": used,
    }
    return page(request, "release_parameters.html", context)


def show_derivation(request: HttpRequest, release_id: str, number: int) -> HttpResponse:
    """Show how one kind of stand got its number; with `row`, that stand's stored numbers. Nothing is recomputed."""
    info = queries.release(release_id)
    derivation = queries.derivation(release_id, number)
    row = row_asked(request)
    stand: dict[str, Any] | None = None
    if row is not None:
        stand = queries.stand(request.user, release_id, row, on=today())
        if number not in {stand.get(f"{kind}derivation_id") for kind in ("", "scattered_", "ground_")}:
            raise Http404
    inputs = [
        {**column, "value": None if stand is None else stand.get(column["column"])} for column in derivation["inputs"]
    ]
    scattered, ground = (derivation["kind"] == kind for kind in ("scattered", "ground"))
    context = {
        "release": info,
        "is_sample": info.is_sample,
        "derivation": derivation,
        "scattered": scattered,
        "ground": ground,
        "pools": [
            (names.POOLS[pool], stand[f"{pool}_tc_ha"], stand.get(f"{pool}_tc"))
            for pool in (GROUND_POOLS if ground else VEGETATION)
        ]
        if stand
        else [],
        "inputs": inputs,
        "species": names.word("species_group", derivation["species_group"]) if derivation["species_group"] else "",
        "stand": stand,
        "trail": names.trail(stand["township_code"]) if stand else [],
        "result_tc": stand and stand["scattered_tc" if scattered else "main_tc"],
        "factor": stand and stand["scattered_factor" if scattered else "main_factor"],
    }
    return page(request, "derivation.html", context)


def export(request: HttpRequest, release_id: str, form: Form) -> HttpResponse:
    """Start writing the sub-compartments within the reader's areas as a file; its job offers the download."""
    if form not in FORM_NAMES:
        raise Http404
    if request.method != "POST":
        exports.refuse_export(request.user, on=today())
        return HttpResponseNotAllowed(["POST"])
    return redirect("jobs-one", start_export(request, release_id, form))


@require_POST
def draw_map(request: HttpRequest, release_id: str) -> HttpResponse:
    """Start drawing the map of a release that has none, or drawing it anew; the job asks again who may."""
    release = queries.release(release_id)
    for code in release.township_codes:
        require(request.user, "release_layer", area=code, on=today())
    job = start_job(
        request.user,
        "atlas.draw_map",
        {"release_id": release_id},
        title=job_titles.DRAW_MAP,
        title_facts={"release": release.label},
        now=timezone.now(),
    )
    return redirect("jobs-one", job)
