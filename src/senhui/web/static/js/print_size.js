// Large print (适老化): all sizes are in rem, so one class on the root enlarges everything. A cookie keeps the choice, and
// the server writes the class, so that no page first appears in small print.

const button = document.getElementById("print-size");
const A_YEAR_S = 365 * 24 * 3600;

button.hidden = false;
button.addEventListener("click", () => {
  const isLarge = document.documentElement.classList.toggle("large");
  button.setAttribute("aria-pressed", String(isLarge));
  document.cookie = `print=${isLarge ? "large" : "normal"}; path=/; max-age=${A_YEAR_S}; samesite=lax`;
  window.dispatchEvent(new Event("resize"));
});
