// The page of one row: n and p lead to the next and the previous row that is open; a refusal is shown where it belongs.

function isTyping(element) {
  return element.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const link = { n: "next-row", p: "previous-row" }[event.key];
  if (link) document.getElementById(link)?.click();
});

// A refused decision comes as the page of the row with what was refused on it; any other refusal as a note alone.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status < 400) return;
  detail.shouldSwap = true;
  detail.isError = false;
  if (detail.serverResponse.includes('id="row"')) return;
  detail.target = document.getElementById("row-said");
  detail.selectOverride = ".note";
  detail.swapOverride = "innerHTML";
});
