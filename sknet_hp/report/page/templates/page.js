"use strict";

// ---- tables: a click on a heading sorts by its column -----------------------------------------------------------

function sortBy(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.querySelectorAll("th")) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [row.cells[column], row]);
  const isNumber = rows.some(([cell]) => cell.classList.contains("number"));
  const compare = (a, b) => (isNumber ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
  rows.sort(([a], [b]) => {
    const [x, y] = [a.dataset.key, b.dataset.key];
    if (x === "" || y === "") return (x === "") - (y === ""); // what is not known stands last, either way
    return descending ? compare(y, x) : compare(x, y);
  });
  body.append(...rows.map(([, row]) => row));
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}

// ---- charts ----------------------------------------------------------------------------------------------------

async function drawCharts() {
  for (const place of document.querySelectorAll(".chart")) {
    const spec = JSON.parse(document.getElementById(place.dataset.spec).textContent);
    try {
      await vegaEmbed(place, spec, { mode: "vega-lite", renderer: "svg", actions: false, tooltip: { theme: "page" } });
      place.querySelector("svg").setAttribute("aria-hidden", "true"); // the place itself is the image, with its text
    } catch (error) {
      place.textContent = "This chart could not be drawn."; // and the others still can
      console.error(place.dataset.spec, error);
    }
  }
  document.documentElement.dataset.drawn = "all";
}

drawCharts();

// ---- print: what is folded away on the screen is shown on paper ---------------------------------------------------

let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const each of opened) each.open = true;
});
window.addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});
