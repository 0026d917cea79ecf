// The data version, the quantity shown and the ratio: choices above the map and beside the layers.

import { given, texts } from "./given.js";
import { change, onChange, state } from "./state.js";

const release = document.getElementById("release");
const measure = document.getElementById("measure");
const ratio = document.getElementById("ratio");

export const releaseName = () => release.selectedOptions[0].textContent;

// A release without calibration shows its measured stock and does not call it calibrated.
export function measureName() {
  return state.measure === "measured" ? texts.measured : isCalibrated() ? texts.calibrated : texts.not_calibrated;
}

const isCalibrated = () => !given.not_calibrated.includes(state.release);

function showChoices() {
  release.value = state.release;
  measure.value = state.measure;
  ratio.querySelector(`[value=${state.per}]`).checked = true;
  measure.querySelector("[value=calibrated]").textContent = isCalibrated() ? texts.calibrated : texts.not_calibrated;
}

// A row is a position in one release; in another it would be another stand.
release.addEventListener("change", () => change({ release: release.value, row: null }));
measure.addEventListener("change", () => change({ measure: measure.value }));
// What a hectare of a place is: of its forest land, or of all its land. A sub-compartment has only its own.
ratio.addEventListener("change", () => change({ per: ratio.querySelector(":checked").value }));

onChange(["release", "measure", "per"], showChoices);
showChoices();
