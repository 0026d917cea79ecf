// What the server gave with the page: addresses, words, colours, releases. It never changes while the page is open.

export const given = JSON.parse(document.getElementById("map-state").textContent);
export const texts = given.texts;

export const narrow = window.matchMedia("(max-width: 48rem)").matches;
export const isCalm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

// Year and name of each release, as the choice of data versions lists them.
const options = [...document.querySelectorAll("#release option")];
export const years = new Map(options.map(({ value, dataset }) => [value, Number(dataset.year)]));
export const releaseNames = new Map(options.map(({ value, textContent }) => [value, textContent]));

// Fills the names in braces of an address or of a text: address("/x/{a}", { a: 1 }) is "/x/1".
export function address(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? encodeURIComponent(values[name]) : whole));
}

export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
