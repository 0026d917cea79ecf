// The mapping page: when another column is chosen for a field, its values are shown beside it at once.

const samples = JSON.parse(document.getElementById("column-samples").textContent);

document.getElementById("mapping").addEventListener("change", ({ target }) => {
  const { field } = target.dataset;
  if (!field) return;
  const cell = document.querySelector(`[data-samples="${CSS.escape(field)}"]`);
  cell.textContent = samples[target.value] ?? "";
  cell.parentElement.querySelector(".filled").textContent = "";
  // One value for all rows and a column exclude each other.
  const constant = document.getElementsByName(`constant:${field}`)[0];
  if (target.value && constant) constant.value = "";
});
