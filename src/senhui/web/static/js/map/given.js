// What the server gave with the page: addresses, words, colours, releases. It never changes while the page is open.

export const given = JSON.parse(document.getElementById("map-state").textContent);
export const texts = given.texts;

export const narrow = window.matchMedia("(max-width: 48rem)").matches;

// Fills the names in braces of an address: address("/x/{a}", { a: 1 }) is "/x/1".
export function address(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? encodeURIComponent(values[name]) : whole));
}
