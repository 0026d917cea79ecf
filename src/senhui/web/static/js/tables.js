// A table that is wider than its place says so: its cut edge fades, a line below tells how to scroll it, and the
// keyboard reaches it under the table's own name. A table that fits is no stop of the Tab key.

const hint = document.querySelector("script[data-table-hint]").dataset.tableHint;
const known = new WeakSet();
let n_named = 0;

// Its name is its caption, or the heading before it.
function nameOf(box) {
  const caption = box.querySelector("caption");
  if (caption) return caption;
  for (let at = box; at && at.id !== "main"; at = at.parentElement) {
    for (let before = at.previousElementSibling; before; before = before.previousElementSibling) {
      if (/^(H[1-6]|SUMMARY)$/.test(before.tagName)) return before;
    }
  }
  return document.querySelector("h1");
}

function named(box) {
  if (box.hasAttribute("aria-label") || box.hasAttribute("aria-labelledby")) return;
  const name = nameOf(box);
  if (!name) return;
  if (!name.id) name.id = `table-name-${(n_named += 1)}`;
  box.setAttribute("aria-labelledby", name.id);
}

function show(box) {
  const rest = box.scrollWidth - box.clientWidth;
  const is_wide = rest > 1;
  box.classList.toggle("goes-on", is_wide && box.scrollLeft < rest - 1);
  box.classList.toggle("came-from", is_wide && box.scrollLeft > 1);
  let line = box.nextElementSibling?.classList.contains("table-hint") ? box.nextElementSibling : null;
  if (is_wide) {
    named(box);
    box.setAttribute("role", "region");
    box.tabIndex = 0;
    if (!line) {
      line = document.createElement("p");
      line.className = "table-hint small soft no-print";
      line.textContent = hint;
      box.after(line);
    }
  } else {
    if (box.scrollHeight <= box.clientHeight + 1) box.removeAttribute("tabindex");
    line?.remove();
  }
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) show(target.closest(".table"));
});

function meet(place) {
  for (const box of place.querySelectorAll(".table")) {
    if (known.has(box)) continue;
    known.add(box);
    sizes.observe(box);
    const table = box.querySelector("table");
    if (table) sizes.observe(table);
    box.addEventListener("scroll", () => show(box), { passive: true });
  }
}

meet(document);
// Parts of a page come later: the panel of the map, a filtered list, the state of a job.
new MutationObserver(() => meet(document)).observe(document.getElementById("main"), { childList: true, subtree: true });
